// For the fuzz: who did what, and what each step made of every text: one lost token is enough to find
// its cause.

import * as Y from 'yjs';
import { filesOf, listFiles } from '@containrlab/protocol/workspace-doc.ts';
import type { AgentClient } from '../../agent/client.ts';
import type { Merged } from '../absorb.ts';
import { DISK_ORIGIN } from '../state.ts';

/** Of a long text only the surroundings of a token are shown, or its beginning (characters). */
const SHOWN = 1200;

interface Step {
	at: number;
	what: string;
	/** The file it is about; empty for what somebody did. */
	id: string;
	/** What the file holds then, where the step says so. */
	text: string | undefined;
}

export class History {
	readonly #began = performance.now();
	readonly #steps: Step[] = [];

	note(what: string, id = '', text?: string): void {
		this.#steps.push({ at: Math.round(performance.now() - this.#began), what, id, text });
	}

	/** What everybody did. */
	acts(): string[] {
		return this.#steps.filter(({ id }) => id === '').map(({ at, what }) => `${at} ${what}`);
	}

	/** Every change of a text of `doc`, and whether it came from the disk. */
	watch(who: string, doc: Y.Doc): void {
		filesOf(doc).observeDeep((events, { origin }) => {
			const how = origin === DISK_ORIGIN ? 'took in' : 'heard of';
			const ids = new Set(
				events.flatMap(({ path, changes }) => path[0] ?? [...changes.keys.keys()]),
			);
			for (const { id, path, kind, deletedAt } of listFiles(doc)) {
				if (!ids.has(id)) continue;
				const text = filesOf(doc).get(id)?.get('text');
				const state = deletedAt === undefined ? kind : `deleted ${kind}`;
				this.note(
					`${who} ${how} ${path} (${state})`,
					id,
					text instanceof Y.Text ? text.toString() : '',
				);
			}
		});
	}

	/** What the flush asks of the agent, and what it is answered. */
	tap(client: AgentClient): void {
		const ask = client.request.bind(client);
		client.request = async (op, header = {}, body, options) => {
			const { key, path = '', ...rest } = header as Record<string, unknown>;
			const id = typeof key === 'string' ? key : '';
			const said = `agent ${op} ${String(path)}`;
			if (id && body) this.note(`${said} is asked ${brief(rest)}`, id, textOf(body));
			const reply = await ask(op, header, body, options);
			if (!reply.ok) this.note(`${said} refuses: ${reply.code}`, id);
			else if (op === 'files.versions') this.#versions(id, reply.header, reply.body);
			else if (id) {
				const text = op === 'files.read' ? textOf(reply.body) : undefined;
				this.note(`${said} answers ${brief(reply.header)}`, id, text);
			}
			return reply;
		};
	}

	#versions(id: string, header: object, body: Buffer): void {
		const { versions } = header as { versions: { size: number }[] };
		let at = 0;
		for (const { size, ...version } of versions) {
			this.note(`  kept ${brief(version)}`, id, textOf(body.subarray(at, at + size)));
			at += size;
		}
	}

	merged({ id, v, current, from, written }: Merged): void {
		this.note(`merges ${v} as made from ${from}; agreed on was ${current}`, id, written);
	}

	/** All that became of the files that each token was in, with their texts where it comes or goes. */
	of(tokens: readonly string[]): string {
		return tokens.map((token) => `--- history of ${token}\n${this.#of(token)}`).join('\n');
	}

	#of(token: string): string {
		const has = ({ text }: Step) => text?.includes(token) ?? false;
		const ids = new Set(this.#steps.filter(has).map(({ id }) => id));
		const before = new Map<string, boolean>();
		const lines = this.#steps.map((step) => {
			const { at, what, id, text } = step;
			if (id !== '' && !ids.has(id)) return [];
			if (text === undefined) return [`${at}   ${id} ${what}`];
			const place = `${id} ${what.split(' ', 2).join(' ')}`;
			const isThere = has(step);
			const turns = isThere !== (before.get(place) ?? false);
			before.set(place, isThere);
			const line = `${at} ${isThere ? '+' : '-'} ${id} ${what}`;
			return turns ? [line, JSON.stringify(around(text, token))] : [line];
		});
		return lines.flat().join('\n');
	}
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

function around(text: string, token: string): string {
	const start = Math.max(0, text.indexOf(token) - SHOWN / 2);
	return text.slice(start, start + SHOWN);
}

/** Without what only machines read. */
function brief(header: object): string {
	const short = (_key: string, value: unknown) =>
		typeof value === 'string' && value.length > 20 ? `${value.slice(0, 8)}…` : value;
	return JSON.stringify(header, short);
}
