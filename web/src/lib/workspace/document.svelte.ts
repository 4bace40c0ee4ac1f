// A workspace's document in this browser: its files, who else is in it, and whether it is saved.

import * as Y from 'yjs';
import { Awareness } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import { ACK_PARAMETER, MESSAGE } from '@containrlab/protocol/sync.ts';
import { listFiles, type WorkspaceFile } from '@containrlab/protocol/workspace-doc.ts';
import type { Person } from '@containrlab/protocol/events.ts';
import { isDocumentFrame, readVarUint, SaveLedger } from './save-ledger.ts';
import { closedBy, type DocumentStatus } from './save-words.ts';
import { present, type AwarenessEntry, type Present } from './people.ts';

/** With so many files, what others change in the list shows this much later at most (ms). */
const MANY_FILES = 100;
const MANY_MS = 250;

export class WorkspaceDocument {
	readonly doc = new Y.Doc();
	readonly awareness = new Awareness(this.doc);
	/** Every entry, deleted ones too, in path order. An entry that didn't change stays the same object. */
	all = $state.raw<readonly WorkspaceFile[]>([]);
	readonly files = $derived(this.all.filter((file) => file.deletedAt === undefined));
	readonly byId = $derived(new Map(this.all.map((file) => [file.id, file])));
	people = $state.raw<readonly Present[]>([]);
	/** The whole document has arrived once: before that, no files means nothing. */
	loaded = $state(false);

	#status = $state.raw<DocumentStatus>({ kind: 'connecting' });
	#ledger = new SaveLedger();
	#provider: WebsocketProvider | undefined;
	readonly #room: string;
	readonly #me: Person;
	readonly #owner: string;
	/** Something was typed here since the document last was saved. */
	#dirty = $state(false);

	constructor(room: string, me: Person & Pick<AwarenessEntry['user'], 'role'>, owner: string) {
		this.#room = room;
		this.#me = me;
		this.#owner = owner;
		const entry: AwarenessEntry = { user: me, file: null, cursor: null };
		this.awareness.setLocalState(entry);
		this.#onAwareness();
	}

	get status(): DocumentStatus {
		return this.#status;
	}

	get unsaved(): boolean {
		return this.#dirty;
	}

	/** Connects; the returned function leaves the room for good. */
	start(): () => void {
		this.doc.on('update', this.#onUpdate);
		this.doc.getMap('files').observeDeep(this.#onFiles);
		this.awareness.on('change', this.#onAwareness);
		const provider = new WebsocketProvider(
			`${location.origin.replace(/^http/, 'ws')}/sync`,
			this.#room,
			this.doc,
			{
				awareness: this.awareness,
				params: { [ACK_PARAMETER]: '1' },
				disableBc: true,
				WebSocketPolyfill: this.#countingSocket(),
			},
		);
		this.#provider = provider;
		provider.messageHandlers[MESSAGE.durable] = (_encoder, decoder) => {
			this.#ledger.durable(readVarUint(decoder.arr, decoder.pos));
			this.#settle();
		};
		provider.on('status', ({ status }: { status: string }) => {
			// Peers that dropped us with the connection pass over a state whose clock they know.
			if (status === 'connected') this.awareness.setLocalState(this.awareness.getLocalState());
		});
		provider.on('sync', (synced: boolean) => {
			if (!synced) return;
			this.#readFiles();
			this.loaded = true;
		});
		provider.on('connection-close', (event: { code: number } | null) => {
			if (this.#status.kind !== 'offline' || !event) return;
			this.#status = { kind: 'offline', code: event.code };
		});
		provider.on('closed', ({ code }: { code: number }) => {
			this.#status = closedBy(code);
		});
		return () => {
			clearTimeout(this.#reading);
			provider.destroy();
			this.awareness.destroy();
			this.doc.destroy();
		};
	}

	/** Says which file is in front of this person. */
	setOpenFile(id: string | null): void {
		this.awareness.setLocalStateField('file', id);
	}

	/** Resolves once everything typed so far is in Postgres; rejects when `signal` aborts. */
	async whenSaved(signal: AbortSignal): Promise<void> {
		if (this.#ledger.state === 'saved') return;
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		this.#waiters.add(resolve);
		const abort = () => reject(signal.reason as Error);
		signal.addEventListener('abort', abort, { once: true });
		try {
			await promise;
		} finally {
			this.#waiters.delete(resolve);
			signal.removeEventListener('abort', abort);
		}
	}
	#waiters = new Set<() => void>();

	/** Tries at once instead of waiting for the next attempt; what was typed meanwhile goes along. */
	reconnect(): void {
		if (this.#status.kind === 'closed') this.#status = { kind: 'offline' };
		this.#provider?.connect();
	}

	#countingSocket(): typeof WebSocket {
		const ledger = this.#ledger;
		const settle = () => this.#settle();
		return class extends WebSocket {
			constructor(url: string | URL, protocols?: string | string[]) {
				super(url, protocols);
				this.addEventListener('open', () => {
					ledger.open(this);
					settle();
				});
				this.addEventListener('close', () => {
					ledger.close(this);
					settle();
				});
			}

			override send(frame: ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob | string): void {
				if (frame instanceof Uint8Array && isDocumentFrame(frame)) {
					ledger.sent(this);
					settle();
				}
				super.send(frame);
			}

			/** The provider gives a socket up by closing it, and then no longer hears of it. */
			override close(code?: number, reason?: string): void {
				ledger.close(this);
				settle();
				super.close(code, reason);
			}
		};
	}

	#settle(): void {
		if (this.#status.kind === 'closed') return;
		const kind = this.#ledger.state;
		if (kind === 'saved') {
			this.#dirty = false;
			for (const resolve of this.#waiters) resolve();
		}
		// Until the first words with sync there is nothing to lose, and nothing to alarm about.
		if (!this.loaded && kind !== 'saved') return;
		if (this.#status.kind !== kind) this.#status = { kind };
	}

	#onUpdate = (_update: Uint8Array, origin: unknown): void => {
		if (origin !== this.#provider) this.#dirty = true;
	};

	#onFiles = (events: Y.YEvent<Y.AbstractType<unknown>>[], transaction: Y.Transaction): void => {
		// Typing in a text changes no entry.
		if (!events.some((event) => event.target instanceof Y.Map)) return;
		if (transaction.local) return this.#readFiles();
		// An archive that is unpacked comes file by file: all of them are listed anew each time.
		const wait = this.all.length > MANY_FILES ? MANY_MS : 0;
		this.#reading ??= setTimeout(() => this.#readFiles(), wait);
	};
	#reading: ReturnType<typeof setTimeout> | undefined;

	#readFiles(): void {
		clearTimeout(this.#reading);
		this.#reading = undefined;
		const known = new Map(this.all.map((file) => [file.id, file]));
		this.all = listFiles(this.doc).map((file) => {
			const before = known.get(file.id);
			return before && sameEntry(before, file) ? before : file;
		});
	}

	#onAwareness = (): void => {
		this.people = present(this.awareness.getStates(), this.#me.id, this.#owner);
	};
}

function sameEntry(a: WorkspaceFile, b: WorkspaceFile): boolean {
	return (Object.keys(a) as (keyof WorkspaceFile)[]).every((key) => a[key] === b[key]);
}
