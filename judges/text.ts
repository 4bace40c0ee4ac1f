// Turns what programs print into text that is safe and short enough to show.

/** Escape sequences: CSI, OSC and its kin up to their terminator, and two-character ones. */
const ESCAPES =
	/\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?/g;
const CONTROLS =
	/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Without escape sequences and control characters; a carriage return begins a line. */
export function plain(text: string): string {
	return text.replace(ESCAPES, '').replace(/\r\n?/g, '\n').replace(CONTROLS, '');
}

/** The last `lines` lines, at most `length` characters, with "…" where something is missing. */
export function lastLines(text: string, lines = 15, length = 2000): string {
	const all = text.trimEnd().split('\n');
	const kept = all.slice(-lines).join('\n');
	if (kept.length > length) return `…${kept.slice(-length)}`;
	return all.length > lines ? `…\n${kept}` : kept;
}

export function excerpt(text: string, length = 300): string {
	const trimmed = text.trim();
	return trimmed.length > length ? `${trimmed.slice(0, length)}…` : trimmed;
}

/** Keeps the end of a stream, whatever its length. */
export class Tail {
	readonly #limit: number;
	#decoder = new TextDecoder();
	#text = '';
	constructor(limit: number) {
		this.#limit = limit;
	}
	push(chunk: Uint8Array): void {
		this.#text += this.#decoder.decode(chunk, { stream: true });
		// Cutting at twice the limit makes the cost of cutting linear.
		if (this.#text.length > 2 * this.#limit) this.#text = this.#text.slice(-this.#limit);
	}
	get text(): string {
		return this.#text.slice(-this.#limit);
	}
}

/** The entry of `candidates` that is within two slips of `word`, for "did you mean". */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
	let best: { word: string; distance: number } | undefined;
	for (const candidate of candidates) {
		if (Math.abs(candidate.length - word.length) > 2) continue;
		const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
		if (distance <= 2 && distance < (best?.distance ?? 3)) best = { word: candidate, distance };
	}
	return best?.word;
}

function editDistance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i += 1) {
		const next = [i];
		for (let j = 1; j <= b.length; j += 1) {
			const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
			next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
		}
		row = next;
	}
	return row[b.length] ?? 0;
}
