// The two-way flush of one workspace: keeps its document and its sandbox's /workspace the same.
//
// Level-triggered: whatever happened, the same plan is made from what both sides are now and what
// they last agreed on (reconcile.ts), carried out by compare and swap, and made again until nothing
// is left to do. Hints only say where to look.

import type { DrainResult } from '@containrlab/protocol/sandbox.ts';
import type { AgentClient } from '../agent/client.ts';
import type { Merged } from './absorb.ts';
import { AgentFiles, DirtyHint } from './agent-files.ts';
import { readSha } from './apply.ts';
import { Blobs } from './blobs.ts';
import { DocView } from './doc-view.ts';
import { Strays } from './kinds.ts';
import { lookAt, lookAtAll } from './look.ts';
import { manifest } from './manifest.ts';
import { Performer } from './perform.ts';
import { reconcile, type Plan } from './reconcile.ts';
import { Records } from './records.ts';
import { resume } from './resume.ts';
import type { Room } from './room.ts';
import { DISK_ORIGIN, FlushState } from './state.ts';
import { VANISH_MS, Waiting } from './waiting.ts';
import { visible, Warnings } from './warnings.ts';

export interface FlushEvents {
	warning(code: string, message: string, path?: string): void;
	/** A binary file appeared; `readBlob` has its bytes. */
	blob(sha: string, size: number, path: string): void;
	/** The document names bytes that this sandbox hasn't got: hand them in by `putBlob`. */
	missingBlobs(shas: string[]): void;
	/** Somebody works, in the editor or in the shell. */
	activity(): void;
	log(message: string, detail?: Record<string, unknown>): void;
	/** For tests: a text from the disk met the document's. */
	merged?(merged: Merged): void;
}

/** The flush can't be brought to rest now: no sandbox, no sync, or no end in time. */
export class FlushUnavailable extends Error {}

const RETRY_MS = 500;
/** Plans in a row without coming to rest: something undoes what we do. */
const ROUNDS_MAX = 200;

export class Flush {
	readonly #room: Room;
	readonly #events: FlushEvents;
	readonly #state: FlushState;
	readonly #blobs: Blobs;
	readonly #warnings: Warnings;
	readonly #waiting = new Waiting();
	readonly #performer: Performer;
	readonly #records: Records;
	readonly #strays = new Strays();
	readonly #hints = new Set<string>();
	readonly #timers = new Set<NodeJS.Timeout>();
	readonly #stop = new AbortController();
	#rescan = false;
	#attachment = 0;
	#complete = false;
	#running = false;
	#kicked = false;
	#quiet: (() => void)[] = [];
	#problems: Plan['problems'] = [];
	#unhear: () => void = () => {};

	constructor(room: Room, events: FlushEvents) {
		this.#room = room;
		this.#events = events;
		this.#warnings = new Warnings(events.warning);
		this.#blobs = new Blobs((shas) => events.missingBlobs(shas));
		const view = new DocView(room.doc, (transaction) => {
			if (transaction.origin === DISK_ORIGIN) return;
			if (this.#complete) events.activity();
			this.#kick();
		});
		this.#state = new FlushState(view, {
			warn: (code, _message, path) => this.#warnings.tell(code, path),
			blob: (sha, bytes, path) => {
				this.#blobs.appeared(sha, bytes);
				events.blob(sha, bytes.length, visible(path));
			},
			missing: (sha) => this.#blobs.miss(sha),
			held: (sha) => this.#blobs.get(sha),
			keep: (sha, bytes) => void this.#blobs.keep(sha, bytes),
			merged: (merged) => events.merged?.(merged),
		});
		this.#performer = new Performer({
			state: this.#state,
			warnings: this.#warnings,
			hint: (path) => void this.#hints.add(path),
			later: (ms, before) => this.#later(ms, before),
			log: (message, detail) => events.log(message, detail),
		});
		this.#records = new Records(room, this.#state, this.#stop.signal);
		void room.ready.then(() => {
			this.#complete = true;
			this.#kick();
		});
	}

	/** The sandbox's agent is there (again). What it remembers is joined with what we know. */
	async attach(client: AgentClient): Promise<void> {
		this.detach();
		const attachment = (this.#attachment += 1);
		const files = new AgentFiles(client);
		this.#unhear = client.on('files.dirty', (header) => this.#hear(DirtyHint.parse(header)));
		void client.closed.then(() => {
			if (this.#attachment === attachment) this.detach();
		});
		const { generation, blind } = await files.watch();
		const ring = await files.ring();
		await this.#room.ready;
		if (this.#attachment !== attachment || this.#stop.signal.aborted) return;
		if (blind) this.#warnings.tell('blind');
		await resume(this.#state, files, generation, ring);
		if (this.#attachment !== attachment || this.#stop.signal.aborted) return;
		this.#state.files = files;
		this.#blobs.askAgain();
		this.#performer.unblock();
		this.#rescan = true;
		this.#kick();
	}

	/** Without an agent the document goes on by itself. */
	detach(): void {
		this.#attachment += 1;
		this.#unhear();
		this.#unhear = () => {};
		this.#state.files = undefined;
	}

	close(): void {
		this.#stop.abort();
		this.detach();
		for (const timer of this.#timers) clearTimeout(timer);
		this.#wake();
		this.#state.view.close();
		this.#room.close();
	}

	/** Both ways, until both sides agree and sync holds it durably. Throws FlushUnavailable. */
	async drain(timeoutMs = 20_000): Promise<DrainResult> {
		const deadline = AbortSignal.timeout(timeoutMs);
		const signal = AbortSignal.any([deadline, this.#stop.signal]);
		try {
			await within(signal, this.#room.ready);
			do {
				if (!this.#state.attached) throw new FlushUnavailable('no sandbox is attached');
				this.#rescan = true;
				await within(signal, this.#rest());
				await this.#room.durable(signal);
			} while (this.#running || this.#kicked);
		} catch (cause) {
			if (cause instanceof FlushUnavailable) throw cause;
			throw new FlushUnavailable('the flush did not come to rest', { cause });
		}
		return manifest(this.#state, this.#problems);
	}

	/** Undefined when no file has these bytes any more. */
	async readBlob(sha: string): Promise<Buffer | undefined> {
		const held = this.#blobs.fetch(sha);
		return held ?? (this.#state.attached ? readSha(this.#state, sha) : undefined);
	}

	/** False when they aren't what `sha` says. */
	putBlob(sha: string, bytes: Buffer): boolean {
		if (!this.#blobs.keep(sha, bytes)) return false;
		this.#performer.unblock();
		this.#kick();
		return true;
	}

	#hear(hint: DirtyHint): void {
		if (hint.blind) this.#warnings.tell('blind');
		for (const path of hint.paths) this.#hints.add(path);
		for (const [from, to] of hint.moves) this.#state.moves.set(from, to);
		this.#rescan ||= hint.rescan;
		this.#kick();
	}

	#kick(): void {
		this.#kicked = true;
		if (this.#running || !this.#complete || !this.#state.attached) return;
		this.#running = true;
		// What else this turn of the event loop brings is part of the same plan.
		setImmediate(() => void this.#run());
	}

	async #run(): Promise<void> {
		let wait: number | undefined;
		try {
			for (let round = 0; this.#state.attached && !this.#stop.signal.aborted; round += 1) {
				if (round >= ROUNDS_MAX) throw new Error('the flush does not come to rest');
				this.#kicked = false;
				await this.#look();
				const again = await this.#carry(this.#plan());
				if (again === 'rest' && !this.#kicked) {
					this.#state.moves.clear();
					break;
				}
				if (again === 'wait') {
					wait = VANISH_MS / 2;
					if (!this.#kicked) break;
				}
			}
			void this.#settle();
		} catch (error) {
			// The agent went away, or refused what we don't understand: look at everything anew.
			this.#events.log('a flush was interrupted', { error: String(error) });
			this.#rescan = true;
			wait = RETRY_MS;
		}
		this.#running = false;
		if (wait !== undefined) this.#later(wait);
		else if (this.#kicked) this.#kick();
		else this.#wake();
	}

	async #look(): Promise<void> {
		const paths = [...this.#hints];
		this.#hints.clear();
		let changed = false;
		if (this.#rescan) {
			this.#rescan = false;
			changed = await lookAtAll(this.#state);
		} else if (paths.length > 0) changed = await lookAt(this.#state, paths);
		if (changed) this.#events.activity();
	}

	#plan(): Plan {
		const { view, base, disk, moves, graves } = this.#state;
		const now = performance.now();
		const doc = view.entries();
		const settled = this.#waiting.settled(now);
		const plan = reconcile({ doc, base, disk, moves, graves, settled });
		this.#waiting.keep(plan.waiting, now);
		// Before it counts as gone, it is looked for once more.
		for (const id of plan.waiting) this.#hints.add(base.get(id)!.path);
		for (const id of this.#strays.still(view, doc, now)) plan.absorb.push({ do: 'stray', id });
		for (const { path, code } of plan.problems) this.#warnings.tell(code, path);
		this.#problems = plan.problems;
		return plan;
	}

	/** `again`: something was done, so there may be more. */
	async #carry(plan: Plan): Promise<'again' | 'wait' | 'rest'> {
		if (await this.#performer.perform(plan)) return 'again';
		return plan.waiting.length > 0 || this.#strays.growing ? 'wait' : 'rest';
	}

	async #settle(): Promise<void> {
		try {
			await this.#records.settle();
		} catch (error) {
			this.#events.log('a record was not kept', { error: String(error) });
		}
	}

	/** Resolves when a run has ended with nothing left to do. */
	#rest(): Promise<void> {
		return new Promise((resolve) => {
			this.#quiet.push(resolve);
			this.#kick();
		});
	}

	#wake(): void {
		for (const resolve of this.#quiet.splice(0)) resolve();
	}

	#later(ms: number, before: () => void = () => {}): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			before();
			this.#kick();
		}, ms);
		this.#timers.add(timer);
	}
}

/** Rejects with the signal's reason when that comes first. */
async function within<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
	signal.throwIfAborted();
	const { promise: aborted, reject } = Promise.withResolvers<never>();
	const onAbort = () => reject(signal.reason);
	signal.addEventListener('abort', onAbort);
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		signal.removeEventListener('abort', onAbort);
	}
}
