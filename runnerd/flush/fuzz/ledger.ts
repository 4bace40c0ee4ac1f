// What was typed and what was taken away on purpose: in the end each token is accounted for.

import type { Random } from '../random.ts';

/** What had this little time to reach everyone may be taken away by who never saw it (ms). */
const RECENT_MS = 2000;
/** So long it may take until a new name has reached the disk (ms). */
const MOVING_MS = 5000;
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const TOKEN = /<[a-z]+\d+>/g;

interface Typed {
	/** The path it was typed at. */
	path: string;
	at: number;
	done: boolean;
}

export class Ledger {
	readonly #r: Random;
	readonly #typed = new Map<string, Typed>();
	readonly #taken = new Set<string>();
	readonly #copied = new Set<string>();
	/** Path → when somebody gave its file another name. */
	readonly #renamed = new Map<string, number>();
	#count = 0;

	constructor(r: Random) {
		this.#r = r;
	}

	/** Unlike any other: a diff can't take one for a change of another. */
	token(): string {
		this.#count += 1;
		return `<${Array.from({ length: 8 }, () => this.#r.pick(LETTERS)).join('')}${this.#count}>`;
	}

	begins(token: string, path: string): void {
		this.#typed.set(token, { path, at: performance.now(), done: false });
	}

	typed(token: string, path = this.#typed.get(token)?.path ?? ''): void {
		this.#typed.set(token, { path, at: performance.now(), done: true });
	}

	/** Somebody takes these away, or all they could see of a file: then also what is just coming. */
	take(text: string, from?: string): void {
		for (const [token] of text.matchAll(TOKEN)) this.#taken.add(token);
		// What was only half there when they looked is half taken away.
		const rest = text.replaceAll(TOKEN, '');
		for (const token of this.#typed.keys()) {
			if (rest.includes(token.slice(0, 2))) this.#taken.add(token);
		}
		for (const [token, { path, at, done }] of this.#typed) {
			if (path === from && (!done || performance.now() - at < RECENT_MS)) this.#taken.add(token);
		}
	}

	/** Who deletes a line may break off what somebody is just typing in it. */
	takeUnfinished(path: string): void {
		for (const [token, typed] of this.#typed) {
			if (typed.path === path && !typed.done) this.#taken.add(token);
		}
	}

	/** Who saves an old copy writes over what a program beside it wrote a moment ago, seen by nobody. */
	takeUnseen(tokens: Iterable<string>): void {
		for (const token of tokens) {
			const typed = this.#typed.get(token);
			if (typed && performance.now() - typed.at < RECENT_MS) this.#taken.add(token);
		}
	}

	/** An old copy is saved at `path`, where there is `now`: what went on elsewhere is there twice. */
	copies(copy: string, path: string, now: string): void {
		for (const [token] of copy.matchAll(TOKEN)) {
			if (this.#isMoving(path) || !now.includes(token)) this.#copied.add(token);
		}
	}

	renames(path: string): void {
		this.#renamed.set(path, performance.now());
	}

	/** Whether the file at `path` may be on its way to another name. */
	#isMoving(path: string): boolean {
		return performance.now() - (this.#renamed.get(path) ?? -Infinity) < MOVING_MS;
	}

	/** Tokens that somebody could want to take away. */
	present(): string[] {
		return [...this.#typed.keys()].filter((token) => !this.#taken.has(token));
	}

	/** Typed, not taken away, and nowhere in `everything`. */
	lost(everything: string): string[] {
		return [...this.#typed]
			.filter(([token, { done }]) => done && !this.#taken.has(token) && !everything.includes(token))
			.map(([token]) => token);
	}

	/** More than once in one of `texts`, or in several although nobody made a copy. */
	twice(texts: readonly string[]): string[] {
		const seen = new Map<string, number>();
		const twice = new Set<string>();
		for (const [n, text] of texts.entries()) {
			for (const [token] of text.matchAll(TOKEN)) {
				const before = seen.get(token);
				if (before === n || (before !== undefined && !this.#copied.has(token))) twice.add(token);
				seen.set(token, n);
			}
		}
		return [...twice];
	}
}
