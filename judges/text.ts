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
