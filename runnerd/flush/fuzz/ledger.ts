// What was typed and what was taken away on purpose: in the end each token is accounted for.

import type { Random } from '../random.ts';

/** What a program wrote this short a time before its file got another name may be there twice (ms). */
const RECENT_MS = 2000;
/** So long it may take until what was typed is on disk, where others can take it away (ms). */
const UNDER_WAY_MS = 500;
/** So long it may take until a new name has reached the disk (ms). */
const TURNING_MS = 5000;
/** By chance a text doesn't hold the eight letters in so few. */
const PARTS_MAX = 2;
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const TOKEN = /<[a-z]+\d+>/g;
/** The beginnings and the end of a token that tell it from nearly all others. */
const BEGUN = /<[a-z]+/g;
const TELLING = 4;
const END = /[a-z]\d+>$/;

interface Typed {
	/** The path it was typed at. */
	path: string;
	at: number;
	done: boolean;
}

export class Ledger {
	readonly #r: Random;
	/** All that the editors show. */
	readonly #shown: () => string;
	readonly #typed = new Map<string, Typed>();
	readonly #taken = new Set<string>();
	/** Path → when something else came to stand there. */
	readonly #turned = new Map<string, number>();
	/** Path → what a program wrote there from what it had read. */
	readonly #saved = new Map<string, { text: string; at: number }>();
	/** May rightly be in two files. */
	readonly #copied = new Set<string>();
	#count = 0;

	constructor(r: Random, shown: () => string) {
		this.#r = r;
		this.#shown = shown;
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

	/**
	 * Somebody takes these away; or all they could see of the file `from`, since a moment before
	 * `since`: then also what is just coming.
	 */
	take(text: string, from?: string, since = performance.now()): void {
		if (from !== undefined) this.turns(from);
		for (const [token] of text.matchAll(TOKEN)) this.#taken.add(token);
		// What was only half there when they looked is half taken away.
		const rest = text.replaceAll(TOKEN, (token) => (this.#typed.has(token) ? '' : token));
		const begun = [...rest.matchAll(BEGUN)].map(([part]) => part.slice(0, TELLING));
		for (const token of this.#typed.keys()) {
			const [end] = END.exec(token)!;
			const isHalf = begun.some((part) => token.startsWith(part)) || rest.includes(end);
			if (isHalf) this.#taken.add(token);
		}
		if (from === undefined) return;
		for (const [token, { path, at, done }] of this.#typed) {
			if (path === from && (!done || since - at < UNDER_WAY_MS)) this.#taken.add(token);
		}
	}

	/** Who deletes a line may break off what somebody is just typing in it. */
	takeUnfinished(path: string): void {
		for (const [token, typed] of this.#typed) {
			if (typed.path === path && !typed.done) this.#taken.add(token);
		}
	}

	/** Who saves an old copy writes over what a program wrote beside it, if nobody has seen that yet. */
	takeUnseen(path: string, tokens: Iterable<string>): void {
		const shown = this.#shown();
		for (const token of tokens) {
			if (this.#typed.get(token)?.path === path && !shown.includes(token)) this.#taken.add(token);
		}
	}

	/** From now on `path` is another file, or holds something else altogether. */
	turns(path: string): void {
		const now = performance.now();
		this.#turned.set(path, now);
		const saved = this.#saved.get(path);
		if (saved && now - saved.at < RECENT_MS) this.#copy(saved.text);
	}

	/**
	 * A program that had read `path` wrote `text` there, from `since` on. If what it had read was given
	 * another name at that time, it made a copy.
	 */
	saved(path: string, text: string, since: number): void {
		this.#saved.set(path, { text, at: performance.now() });
		if (!this.isStill(path, since)) this.#copy(text);
	}

	/** What was at `path` and held `text` has another name now. */
	moved(path: string, text: string): void {
		this.turns(path);
		this.#saved.set(path, { text, at: performance.now() });
	}

	/**
	 * A program makes a file at `path`, if there is none. What is just being typed there may be torn in
	 * two; and if an old copy was saved there, and that was moved away before anybody has seen it, what
	 * the copy lacked has gone.
	 */
	makes(path: string): void {
		if (this.isStill(path, performance.now())) return;
		this.turns(path);
		this.takeUnfinished(path);
		const text = this.#saved.get(path)?.text;
		if (text === undefined || this.isShown(text)) return;
		for (const [token, typed] of this.#typed) {
			if (typed.path === path && !text.includes(token)) this.#taken.add(token);
		}
	}

	/** Whether all of `text` that is still to be there has reached the editors. */
	isShown(text: string): boolean {
		const shown = this.#shown();
		const tokens = Array.from(text.matchAll(TOKEN), ([token]) => token);
		return tokens.every((token) => this.#taken.has(token) || shown.includes(token));
	}

	#copy(text: string): void {
		for (const [token] of text.matchAll(TOKEN)) this.#copied.add(token);
	}

	/** Whether a copy of `path` made at `since` is surely an older one of what is there now. */
	isStill(path: string, since: number): boolean {
		return since - (this.#turned.get(path) ?? -Infinity) > TURNING_MS;
	}

	/** Tokens that somebody could want to take away. */
	present(): string[] {
		return [...this.#typed.keys()].filter((token) => !this.#taken.has(token));
	}

	/** Typed, not taken away, and nowhere in `everything`. */
	lost(everything: string): string[] {
		return [...this.#typed]
			.filter(([token, { done }]) => done && !this.#taken.has(token) && !isThere(token, everything))
			.map(([token]) => token);
	}

	/** More than once in one of `texts`, or in several of them unless somebody `copies`. */
	twice(texts: readonly string[], copies: boolean): string[] {
		const seen = new Map<string, number>();
		const twice = new Set<string>();
		for (const [n, text] of texts.entries()) {
			for (const [token] of text.matchAll(TOKEN)) {
				const before = seen.get(token);
				const isCopy = before !== n && (copies || this.#copied.has(token));
				if (before !== undefined && !isCopy) twice.add(token);
				seen.set(token, n);
			}
		}
		return [...twice];
	}
}

/** Who types where somebody else does, all between them being deleted, comes into the midst of it. */
function isThere(token: string, everything: string): boolean {
	// Who deletes the next line may take its brackets for that one's.
	if (everything.includes(token.slice(1, -1))) return true;
	let rest = token;
	for (let parts = 0; parts < PARTS_MAX && rest !== ''; parts += 1) {
		let length = rest.length;
		while (length > 0 && !everything.includes(rest.slice(0, length))) length -= 1;
		rest = rest.slice(length);
	}
	return rest === '';
}
