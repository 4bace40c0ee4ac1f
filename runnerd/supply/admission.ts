// The line in front of the engine: a bounded number of sandboxes boots at once, and none that the
// machine has no room for. Students go before the pool's refills before judges, each by their time.

import type { QueuePlace } from '@containrlab/protocol/sandbox.ts';
import type { MemorySource } from './memory-meter.ts';
import { hasRoom, placesLeft, type Rank, type RoomLimits, type Usage } from './room.ts';

/** How often a line that doesn't move is looked at, and told of. */
const LOOK_MS = 1000;
/** Positions are told so often at most: each is an event in the database. */
const TELL_MS = 2000;
/** The pool waits until no student has come for so long. */
const QUIET_MS = 1500;
/** Of the boots on which an estimate rests. */
const REMEMBERED = 8;
/** What a boot takes on a machine that isn't busy, before one was seen. */
const USUAL_MS = 1000;
const RANKS: readonly Rank[] = ['student', 'pool', 'judge'];

export type EnterRequest = {
	rank: Rank;
	/** When it was asked for, if that was before now; milliseconds since the epoch. */
	since?: number;
	signal: AbortSignal;
	/** Told now and then while it waits. */
	onPlace?: (place: QueuePlace) => void;
};

/** A place among those who boot; dispose of it when the sandbox is there, or won't be. */
export interface Admitted extends Disposable {
	/** There was room only in exchange for a warm sandbox: it is to be used or removed. */
	readonly exchange: boolean;
}

type Waiter = EnterRequest & {
	since: number;
	waitsFrom: number;
	told: { at: number; place: QueuePlace } | undefined;
	enter(exchange: boolean): void;
};

/** What the engine's host is, and what is on it. */
export type Host = { cpus: number; memory: number };
export type AdmissionOptions = {
	host(): Promise<Host>;
	limits(host: Host): RoomLimits;
	memory: MemorySource;
	/** Sandboxes that exist, those still being made left out; of them, judges'. */
	sandboxes(): number;
	judging(): number;
	/** Warm ones, which can be exchanged for a student's. */
	warm(): number;
};

export class Admission {
	#options: AdmissionOptions;
	#waiting: Waiter[] = [];
	#booting = { student: 0, pool: 0, judge: 0 };
	#exchanging = 0;
	/** When boots ended, and how long they took; newest last. */
	#ended: { at: number; tookMs: number }[] = [];
	#studentAt = -Infinity;
	/** The first student waits for others to leave. */
	#full = false;
	#pumping = false;
	#again = false;
	#timer: NodeJS.Timeout | undefined;
	#host: Host = { cpus: 1, memory: 0 };

	constructor(options: AdmissionOptions) {
		this.#options = options;
	}

	/** Resolves with a place; rejects with the signal's reason, or when the engine is away. */
	async enter(request: EnterRequest): Promise<Admitted> {
		if (request.rank === 'student') this.cameStudent();
		request.signal.throwIfAborted();
		this.#host = await this.#options.host();
		const exchange = await this.#wait(request);
		return this.#admitted(request.rank, exchange);
	}

	get #width(): number {
		return Math.max(2, this.#host.cpus);
	}

	get #atOnce(): number {
		const { student, pool, judge } = this.#booting;
		return student + pool + judge;
	}

	/** A student was served, or wants to be: the pool's refill waits a moment. */
	cameStudent(): void {
		this.#studentAt = performance.now();
	}

	/** Warm ones that may be taken at once: nobody in line is passed by. */
	get claimable(): number {
		return this.#studentsWait ? 0 : this.#options.warm() - this.#exchanging;
	}

	get #studentsWait(): boolean {
		return this.#waiting.some(({ rank }) => rank === 'student');
	}

	/** Something ended, or became warm: perhaps there is room now. */
	look(): void {
		if (this.#pumping) this.#again = true;
		else if (this.#waiting.length > 0) void this.#pump();
	}

	#wait(request: EnterRequest): Promise<boolean> {
		return new Promise((resolve, reject) => {
			const { signal } = request;
			const abort = () => {
				this.#waiting = this.#waiting.filter((other) => other !== waiter);
				reject(signal.reason as Error);
				this.look();
			};
			signal.addEventListener('abort', abort, { once: true });
			const waiter: Waiter = {
				...request,
				since: request.since ?? Date.now(),
				waitsFrom: performance.now(),
				told: undefined,
				enter: (exchange) => {
					signal.removeEventListener('abort', abort);
					resolve(exchange);
				},
			};
			const behind = this.#waiting.findIndex((other) => inOrder(waiter, other) < 0);
			this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, waiter);
			this.#timer ??= setInterval(() => this.#tick(), LOOK_MS).unref();
			this.look();
		});
	}

	#admitted(rank: Rank, exchange: boolean): Admitted {
		const began = performance.now();
		let held = true;
		return {
			exchange,
			[Symbol.dispose]: () => {
				if (!held) return;
				held = false;
				const at = performance.now();
				this.#booting[rank] -= 1;
				if (exchange) this.#exchanging -= 1;
				this.#ended = [...this.#ended, { at, tookMs: at - began }].slice(-this.#remembered);
				this.look();
			},
		};
	}

	/** All that a figure of memory may not show yet must be remembered too. */
	get #remembered(): number {
		return Math.max(REMEMBERED, 8 * this.#width);
	}

	async #pump(): Promise<void> {
		this.#pumping = true;
		try {
			do {
				this.#again = false;
				while (await this.#admitNext());
			} while (this.#again);
		} finally {
			this.#pumping = false;
		}
	}

	/** True when somebody got in. */
	async #admitNext(): Promise<boolean> {
		if (this.#waiting.length === 0 || this.#atOnce >= this.#width) return false;
		const usage = await this.#usage();
		const limits = this.#options.limits(this.#host);
		for (const rank of RANKS) {
			const first = this.#waiting.find((waiter) => waiter.rank === rank);
			const fits = hasRoom(rank, usage, limits);
			const exchange = rank === 'student' && !fits && this.#options.warm() > this.#exchanging;
			if (rank === 'student') this.#full = first !== undefined && !fits && !exchange;
			if (first && (fits || exchange) && this.#mayBoot(rank)) return this.#let(first, exchange);
		}
		return false;
	}

	/** The pool and judges leave cores to whoever comes; the pool leaves students in peace besides. */
	#mayBoot(rank: Rank): boolean {
		if (rank === 'student') return true;
		const { student, pool, judge } = this.#booting;
		if (pool + judge >= Math.max(1, this.#width - 2)) return false;
		if (rank === 'judge') return true;
		const quiet = performance.now() - this.#studentAt >= QUIET_MS;
		return quiet && student === 0 && !this.#studentsWait;
	}

	#let(waiter: Waiter, exchange: boolean): true {
		this.#waiting = this.#waiting.filter((other) => other !== waiter);
		this.#booting[waiter.rank] += 1;
		if (exchange) this.#exchanging += 1;
		waiter.enter(exchange);
		return true;
	}

	/** Students' sandboxes that there could be in all, when each comes to need `each` bytes. */
	async places(each: number): Promise<number> {
		this.#host = await this.#options.host();
		const usage = await this.#usage();
		const theirs = usage.sandboxes - usage.judging;
		return theirs + placesLeft(usage, this.#options.limits(this.#host), each);
	}

	async #usage(): Promise<Usage> {
		const left = await this.#options.memory.read();
		const ended = this.#ended.filter(({ at }) => at > (left?.at ?? Infinity)).length;
		return {
			sandboxes: this.#options.sandboxes() + this.#atOnce,
			unseen: this.#atOnce + ended,
			judging: this.#options.judging() + this.#booting.judge,
			total: this.#host.memory,
			left,
		};
	}

	#tick(): void {
		if (this.#waiting.length === 0) {
			clearInterval(this.#timer);
			this.#timer = undefined;
			return;
		}
		this.look();
		this.#tellPlaces();
	}

	#tellPlaces(): void {
		const now = performance.now();
		const students = this.#waiting.filter(({ rank }) => rank === 'student');
		for (const [index, waiter] of students.entries()) {
			const place = { position: index + 1, seconds: this.#estimate(index + 1) };
			const { told } = waiter;
			const known = told?.place.position === place.position && told.place.seconds === place.seconds;
			if (known || now - (told?.at ?? waiter.waitsFrom) < (told ? TELL_MS : LOOK_MS)) continue;
			waiter.told = { at: now, place };
			waiter.onPlace?.(place);
		}
	}

	/** From how long the latest boots took; in steps of five seconds, so that it doesn't flicker. */
	#estimate(position: number): number | null {
		if (this.#full) return null;
		const latest = this.#ended.slice(-REMEMBERED);
		const total = latest.reduce((sum, { tookMs }) => sum + tookMs, 0);
		const mean = latest.length > 0 ? total / latest.length : USUAL_MS;
		const seconds = (mean * Math.ceil(position / this.#width)) / 1000;
		return seconds <= 5 ? Math.max(1, Math.ceil(seconds)) : Math.ceil(seconds / 5) * 5;
	}
}

const ORDER = { student: 0, pool: 1, judge: 2 } as const;
const inOrder = (a: Waiter, b: Waiter): number =>
	ORDER[a.rank] - ORDER[b.rank] || a.since - b.since;
