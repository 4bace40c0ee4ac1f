// For the fuzz: one person in the editor, who types, deletes, renames and goes offline at random.

import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import {
	createFile,
	deleteFile,
	liveFiles,
	listFiles,
	renameFile,
	restoreFile,
	type WorkspaceFile,
} from '@containrlab/protocol/workspace-doc.ts';
import type { Random } from '../random.ts';
import type { SyncRoom } from '../room.ts';
import type { Cable } from '../sync-testing.ts';
import type { Ledger } from './ledger.ts';

export interface BrowserOptions {
	r: Random;
	room: SyncRoom;
	cable: Cable;
	ledger: Ledger;
	/** May bring back a file whose content has moved on to another. */
	copies: boolean;
	/** Keeps the bytes of an upload; answers their name. Undefined where nothing can be uploaded. */
	upload: ((bytes: Buffer) => string) | undefined;
	log(what: string): void;
}

const AFTER = ['', '', ' 😀', ' e\u0301', ' \u{1F468}\u200d\u{1F469}'];

export class Browser {
	readonly #is: BrowserOptions;

	constructor(options: BrowserOptions) {
		this.#is = options;
	}

	get doc(): Y.Doc {
		return this.#is.room.doc;
	}

	async act(): Promise<void> {
		const { r, cable, log } = this.#is;
		const n = r.int(100);
		const files = liveFiles(this.doc).filter((file) => file.kind === 'text');
		if (n < 4 || files.length === 0) return this.#create();
		const file = r.pickHot(files);
		if (n < 66) return this.#type(file);
		if (n < 78) return this.#deleteLine(file);
		if (n < 80) return this.#replaceAll(file);
		if (n < 86) return this.#rename(file);
		if (n < 89) return this.#deleteFile(file);
		if (n < 91) return this.#is.copies ? this.#restore() : undefined;
		if (n < 94) return this.#change(file);
		if (n < 96) return this.#upload();
		log('goes offline');
		cable.cut();
	}

	/** A line of its own; key by key, as a person does, or all at once, as a paste does. */
	async #type({ id, path, text }: WorkspaceFile): Promise<void> {
		const { r, ledger, log } = this.#is;
		const token = ledger.token();
		const content = text!.toString();
		const start = content.lastIndexOf('\n', r.int(content.length + 1)) + 1;
		const keys = [...`${token}${r.pick(AFTER)}`];
		const isPaste = r.chance(0.4);
		log(`types ${token} into ${path} at ${start}`);
		ledger.begins(token, path);
		let cursor = Y.createRelativePositionFromTypeIndex(text!, start, -1);
		const put = (what: string) => {
			const at = Y.createAbsolutePositionFromRelativePosition(cursor, this.doc)?.index ?? 0;
			text!.insert(at, what);
			cursor = Y.createRelativePositionFromTypeIndex(text!, at + what.length, -1);
		};
		if (isPaste) put(`${keys.join('')}\n`);
		else {
			for (const key of [...keys, '\n']) {
				put(key);
				if (r.chance(0.5)) await delay(r.int(30));
			}
		}
		ledger.typed(token, this.#pathOf(id) ?? path);
	}

	#pathOf(id: string): string | undefined {
		return liveFiles(this.doc).find((file) => file.id === id)?.path;
	}

	#deleteLine({ path, text }: WorkspaceFile): void {
		const { r, ledger, log } = this.#is;
		const content = text!.toString();
		const start = content.lastIndexOf('\n', r.int(content.length + 1)) + 1;
		const end = content.indexOf('\n', start) + 1 || content.length;
		if (end === start) return;
		const line = content.slice(start, end);
		log(`deletes ${JSON.stringify(line)} of ${path}`);
		// Somebody may be typing in this very line.
		ledger.takeUnfinished(path);
		ledger.take(line);
		text!.delete(start, end - start);
	}

	#replaceAll({ path, text }: WorkspaceFile): void {
		const { ledger, log } = this.#is;
		const token = ledger.token();
		log(`replaces all of ${path} by ${token}`);
		ledger.takeUnfinished(path);
		ledger.take(text!.toString());
		ledger.turns(path);
		this.doc.transact(() => {
			text!.delete(0, text!.length);
			text!.insert(0, `${token}\n`);
		});
		ledger.typed(token, path);
	}

	#create(): void {
		const { r, ledger, log } = this.#is;
		const token = ledger.token();
		const taken = liveFiles(this.doc).map((file) => file.path);
		const path =
			taken.length > 0 && r.chance(0.3) ? r.pick(taken) : `made/${r.pick(['', 'x/'])}${r.int(1e6)}`;
		log(`creates ${path} with ${token}`);
		ledger.turns(path);
		this.doc.transact(() =>
			createFile(this.doc, { kind: 'text', path, mode: 0o644, text: `${token}\n` }),
		);
		ledger.typed(token, path);
	}

	#rename({ id, path }: WorkspaceFile): void {
		const { r, ledger, log } = this.#is;
		const others = liveFiles(this.doc).map((file) => file.path);
		const to = r.chance(0.2) ? r.pick(others) : `named/${r.int(1e6)}${r.pick(['', '/y', '.txt'])}`;
		log(`renames ${path} to ${to}`);
		for (const turned of [path, to]) ledger.turns(turned);
		renameFile(this.doc, id, to);
	}

	#deleteFile({ id, path }: WorkspaceFile): void {
		this.#is.log(`deletes ${path}`);
		this.#is.ledger.turns(path);
		deleteFile(this.doc, id);
	}

	/** A deleted file is offered back. */
	#restore(): void {
		const { r, ledger, log } = this.#is;
		const deleted = listFiles(this.doc).filter((file) => file.deletedAt !== undefined);
		if (deleted.length === 0) return;
		const { id, path } = r.pick(deleted);
		log(`restores ${path}`);
		ledger.turns(path);
		restoreFile(this.doc, id);
	}

	#change({ id, path }: WorkspaceFile): void {
		const { r, log } = this.#is;
		const node = this.doc.getMap<Y.Map<unknown>>('files').get(id);
		const [key, value] = r.pick([
			['mode', 0o755],
			['mode', 0o644],
			['eol', 'crlf'],
			['eol', 'lf'],
		] as const);
		log(`sets ${key} of ${path} to ${value}`);
		node?.set(key, value);
	}

	#upload(): void {
		const { r, upload, log } = this.#is;
		if (!upload) return;
		const bytes = Buffer.from(Array.from({ length: 50 }, () => r.int(256)));
		const path = `up/${r.int(20)}.bin`;
		log(`uploads ${path}`);
		const sha = upload(bytes);
		this.doc.transact(() =>
			createFile(this.doc, { kind: 'binary', path, mode: 0o644, size: bytes.length, sha }),
		);
	}
}
