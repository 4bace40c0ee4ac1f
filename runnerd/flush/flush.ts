// The two-way flush of one workspace: keeps its document and its sandbox's /workspace the same.
//
// Level-triggered: whatever happened, the same plan is made from what both sides are now and what
// they last agreed on (reconcile.ts), carried out by compare and swap, and made again until nothing
// is left to do. Hints only say where to look.

import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import type { DrainResult } from '@containrlab/protocol/sandbox.ts';
import type { AgentClient } from '../agent/client.ts';
import { absorb, type Merged } from './absorb.ts';
import { AgentFiles, AgentRefused, DirtyHint } from './agent-files.ts';
import { resume } from './resume.ts';
import { apply, readSha } from './apply.ts';
import { Blobs } from './blobs.ts';
import { DocView } from './doc-view.ts';
import { Strays } from './kinds.ts';
import { reconcile, type Absorb, type Apply, type Plan, type Sides } from './reconcile.ts';
import type { Room } from './room.ts';
import { DISK_ORIGIN, FlushState } from './state.ts';
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

/** Before a path that vanished counts as deleted or moved (ms). */
const VANISH_MS = 60;
/**
 * Before a file that was emptied counts as empty (ms): between emptying and writing it, a program on
 * a busy machine is held up for longer than one would think. All it had not read would go.
 */
const EMPTIED_MS = 1500;
const RETRY_MS = 500;
/** What couldn't be written is tried again after this long (ms). */
const BLOCKED_MS = 5000;
/** Plans in a row without coming to rest: something undoes what we do. */
const ROUNDS_MAX = 200;
const AT_ONCE = 16;
/** For whoever fetches them, of files that a program wrote (bytes). */
const UNFETCHED = 2 * FILE_LIMITS.binary;

export class Flush {
	readonly #room: Room;
	readonly #events: FlushEvents;
	readonly #state: FlushState;
	/** Handed in for their place on disk, or deleted from it. */
	readonly #blobs = new Blobs(FILE_LIMITS.binaryTotal);
	/** Appeared on disk, and may be gone from there before anybody has fetched them. */
	readonly #unfetched = new Blobs(UNFETCHED);
	readonly #warnings: Warnings;
	readonly #missing = new Set<string>();
	#untold: string[] = [];
	readonly #vanished = new Map<string, number>();
	readonly #blocked = new Map<string, { signature: string; at: number }>();
	readonly #strays = new Strays();
	readonly #hints = new Set<string>();
	readonly #timers = new Set<NodeJS.Timeout>();
	readonly #stop = new AbortController();
	#rescan = false;
	#attachment = 0;
	#complete = false;
	#running = false;
	#kicked = false;
	#settling = false;
	#quiet: (() => void)[] = [];
	#problems: Plan['problems'] = [];
	#unhear: () => void = () => {};

	constructor(room: Room, events: FlushEvents) {
		this.#room = room;
		this.#events = events;
		this.#warnings = new Warnings(events.warning);
		const view = new DocView(room.doc, (transaction) => {
			if (transaction.origin === DISK_ORIGIN) return;
			if (this.#complete) events.activity();
			this.#kick();
		});
		this.#state = new FlushState(view, {
			warn: (code, _message, path) => this.#warnings.tell(code, path),
			blob: (sha, bytes, path) => {
				this.#unfetched.put(sha, bytes);
				events.blob(sha, bytes.length, visible(path));
			},
			missing: (sha) => this.#miss(sha),
			held: (sha) => this.#blobs.get(sha) ?? this.#unfetched.get(sha),
			keep: (sha, bytes) => void this.#blobs.put(sha, bytes),
			merged: (merged) => events.merged?.(merged),
		});
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
		this.#missing.clear();
		this.#blocked.clear();
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
		return this.#manifest();
	}

	/** Undefined when no file has these bytes any more. */
	async readBlob(sha: string): Promise<Buffer | undefined> {
		const held = this.#unfetched.take(sha) ?? this.#blobs.get(sha);
		return held ?? (this.#state.attached ? readSha(this.#state, sha) : undefined);
	}

	/** False when they aren't what `sha` says. */
	putBlob(sha: string, bytes: Buffer): boolean {
		if (!this.#blobs.put(sha, bytes)) return false;
		this.#missing.delete(sha);
		this.#blocked.clear();
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
				const again = await this.#carryOut(this.#plan());
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

	/** Reads again what hints point to, or everything. */
	async #look(): Promise<void> {
		const state = this.#state;
		const paths = [...this.#hints];
		this.#hints.clear();
		let changed = false;
		if (this.#rescan) {
			this.#rescan = false;
			const { complete, looks } = await state.files.scan();
			const before = state.disk;
			state.disk = new Map();
			for (const look of looks) state.see(look);
			if (!complete) {
				const unseen = [...state.base.values()].filter((base) => !state.disk.has(base.path));
				for (const look of (await state.files.scan(unseen.map((base) => base.path))).looks) {
					state.see(look);
				}
			}
			changed = before.size > 0 && before.size !== state.disk.size;
		} else if (paths.length > 0) {
			for (const look of (await state.files.scan(paths)).looks) {
				changed ||= state.disk.get(look.path)?.content !== look.disk?.content;
				state.see(look);
			}
		}
		if (changed) this.#events.activity();
	}

	#plan(): Plan {
		const { view, base, disk, moves, graves } = this.#state;
		const now = performance.now();
		const settled: Sides['settled'] = (id, how) => {
			const since = this.#vanished.get(id);
			return since !== undefined && now - since >= (how === 'emptied' ? EMPTIED_MS : VANISH_MS);
		};
		const doc = view.entries();
		const plan = reconcile({ doc, base, disk, moves, graves, settled });
		for (const id of this.#vanished.keys()) {
			// Back again, or dealt with now.
			if (!plan.waiting.includes(id)) this.#vanished.delete(id);
		}
		for (const id of plan.waiting) {
			if (!this.#vanished.has(id)) this.#vanished.set(id, now);
			// Before it counts as gone, it is looked for once more.
			this.#hints.add(base.get(id)!.path);
		}
		for (const id of this.#strays.still(view, doc, now)) plan.absorb.push({ do: 'stray', id });
		for (const { path, code } of plan.problems) this.#warnings.tell(code, path);
		this.#problems = plan.problems;
		return plan;
	}

	/** `again`: something was done, so there may be more. */
	async #carryOut(plan: Plan): Promise<'again' | 'wait' | 'rest'> {
		const take = (action: Absorb) => this.#try(action, () => absorb(this.#state, action));
		for (const action of plan.absorb.filter((one) => one.do !== 'create')) await take(action);
		const creates = plan.absorb.filter((one) => one.do === 'create');
		for (let at = 0; at < creates.length; at += AT_ONCE) {
			await Promise.all(creates.slice(at, at + AT_ONCE).map(take));
		}
		if (plan.absorb.length > 0) return 'again';
		const todo = plan.apply.filter((action) => !this.#isBlocked(action));
		for (const action of todo.filter((one) => one.do !== 'write')) await this.#apply(action);
		const writes = todo.filter((one) => one.do === 'write');
		// One write of a file at a time: a plan has one for each.
		for (let at = 0; at < writes.length; at += AT_ONCE) {
			await Promise.all(writes.slice(at, at + AT_ONCE).map((one) => this.#apply(one)));
		}
		if (todo.length > 0) return 'again';
		return plan.waiting.length > 0 || this.#strays.growing ? 'wait' : 'rest';
	}

	async #apply(action: Apply): Promise<void> {
		const signature = this.#signature(action);
		const outcome = await this.#try(action, () => apply(this.#state, action));
		if (outcome === 'done' || outcome === 'raced') return;
		const blocked = { signature, at: performance.now() };
		this.#blocked.set(keyOfAction(action), blocked);
		// Timers may be a moment early: this one itself says that the time is over.
		if (outcome !== 'absent') this.#later(BLOCKED_MS, () => (blocked.at = -BLOCKED_MS));
	}

	/** A refusal is about one path: it is told, and the rest goes on. */
	async #try<T>(action: { do: string }, act: () => Promise<T>): Promise<T | 'raced' | 'refused'> {
		try {
			return await act();
		} catch (error) {
			if (!(error instanceof AgentRefused)) throw error;
			const path = 'path' in action && typeof action.path === 'string' ? action.path : '';
			if (path !== '') this.#hints.add(path);
			if (error.code === 'not-found') return 'refused';
			if (error.code === 'exists') {
				// Somebody was quicker: with what is there now, the next plan is another.
				if ('to' in action) this.#hints.add(String(action.to));
				return 'raced';
			}
			if (action.do === 'remove' && error.code === 'not-empty') {
				// What is never synced is still in it: it stays.
				if ('id' in action) this.#state.base.delete(String(action.id));
				return 'refused';
			}
			this.#events.log('the agent refused', { do: action.do, code: error.code });
			this.#warnings.tell(error.code === 'no-space' ? 'no-space' : 'blocked', path);
			return 'refused';
		}
	}

	#signature(action: Apply): string {
		const file = this.#state.view.file(action.id);
		const base = this.#state.base.get(action.id);
		const disk = 'path' in action ? this.#state.disk.get(action.path) : undefined;
		const text = file?.text?.toString().length;
		return JSON.stringify([action, file?.path, file?.mode, file?.sha, text, base, disk]);
	}

	#isBlocked(action: Apply): boolean {
		const blocked = this.#blocked.get(keyOfAction(action));
		if (!blocked) return false;
		const waits = performance.now() - blocked.at < BLOCKED_MS;
		if (waits && blocked.signature === this.#signature(action)) {
			return true;
		}
		this.#blocked.delete(keyOfAction(action));
		return false;
	}

	/** What the document took from the disk becomes the record once sync holds it durably. */
	async #settle(): Promise<void> {
		if (this.#settling) return;
		this.#settling = true;
		try {
			while (this.#state.unsettled.size > 0 && this.#state.attached) {
				const changes = [...this.#state.unsettled];
				await this.#room.durable(this.#stop.signal);
				if (this.#stop.signal.aborted || !this.#state.attached) return;
				for (const [id, change] of changes) {
					if (this.#state.unsettled.get(id) !== change) continue;
					const base = this.#state.base.get(id);
					await (base ? this.#state.files.note(base) : this.#state.files.retire(id));
					if (this.#state.unsettled.get(id) === change) this.#state.unsettled.delete(id);
				}
			}
		} catch (error) {
			if (this.#stop.signal.aborted) return;
			this.#events.log('a record was not kept', { error: String(error) });
		} finally {
			this.#settling = false;
		}
	}

	#miss(sha: string): void {
		if (sha === '' || this.#missing.has(sha)) return;
		this.#missing.add(sha);
		if (this.#untold.length === 0) {
			// All of one plan in one call.
			setImmediate(() => this.#events.missingBlobs(this.#untold.splice(0)));
		}
		this.#untold.push(sha);
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

	#manifest(): DrainResult {
		const { view, base } = this.#state;
		const files: DrainResult['files'] = [];
		const left: DrainResult['left'] = this.#problems.map(({ path, code }) => ({
			path: visible(path),
			reason: code,
		}));
		for (const entry of view.entries()) {
			const file = view.file(entry.id)!;
			if (entry.deleted || entry.kind === 'text') continue;
			const { path, mode } = entry;
			if (!base.has(entry.id)) left.push({ path: visible(path), reason: 'missing' });
			else if (entry.kind === 'dir') files.push({ kind: 'dir', path, mode });
			else if (entry.kind === 'link') {
				files.push({ kind: 'link', path, target: file.target ?? '' });
			} else {
				files.push({ kind: 'binary', path, mode, size: file.size ?? 0, sha: file.sha ?? '' });
			}
		}
		return { drained: true, files, left: left.slice(0, FILE_LIMITS.files) };
	}
}

const keyOfAction = (action: Apply): string => `${action.do} ${action.id}`;

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
