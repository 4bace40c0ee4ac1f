// What programs print, as lines of plain text with class names for its colours. Everything else that
// a terminal would obey is left out: logs are hostile, and here they are only read.

export type Span = { text: string; look: string };
export type Line = Span[];

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
/** More numbers than this in one sequence mean nothing good. */
const PARAMETERS = 32;

// Colours; other control sequences; strings for the terminal itself (titles, links, the clipboard),
// which end with their line at the latest; line ends and returns; the other control characters.
const TOKEN =
	/\x1b\[([0-9;:]{0,200})m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|(\n)|(\r)|[\0-\x08\v\f\x0e-\x1f\x7f-\x9f]/g;

/** Colours go on in the next line until they are reset, as on a screen. */
export function coloured(text: string): Line[] {
	const style = new Style();
	const lines: Line[] = [[]];
	let line = lines[0]!;
	let from = 0;
	let returned = false;
	const add = (part: string) => {
		if (part === '') return;
		// A progress bar draws over itself: only its last state is read.
		if (returned) line.length = 0;
		returned = false;
		const look = style.look();
		const last = line.at(-1);
		if (last?.look === look) last.text += part;
		else line.push({ text: part, look });
	};
	for (const token of text.matchAll(TOKEN)) {
		add(text.slice(from, token.index));
		from = token.index + token[0].length;
		const [, colours, lineEnd, carriageReturn] = token;
		if (colours !== undefined) style.apply(colours);
		else if (carriageReturn !== undefined) returned = true;
		else if (lineEnd !== undefined) {
			lines.push((line = []));
			returned = false;
		}
	}
	add(text.slice(from));
	if (lines.length > 1 && line.length === 0) lines.pop();
	return lines;
}

export const plain = (line: Line): string => line.map((span) => span.text).join('');

class Style {
	#fg: string | undefined;
	#bg: string | undefined;
	#inverse = false;
	readonly #marks = new Set<'bold' | 'dim' | 'italic' | 'underline' | 'strike'>();
	#look: string | undefined = '';

	/** Class names; '' for plain text. */
	look(): string {
		this.#look ??= this.#compose();
		return this.#look;
	}

	apply(parameters: string): void {
		const codes = parameters.split(/[;:]/, PARAMETERS).map(Number);
		for (let at = 0; at < codes.length; at += 1) {
			const code = codes[at]!;
			if (code === 38 || code === 48) {
				const { name, used } = extended(codes.slice(at + 1));
				if (code === 38) this.#fg = name;
				else this.#bg = name;
				at += used;
			} else this.#one(code);
		}
		this.#look = undefined;
	}

	#one(code: number): void {
		const marks = this.#marks;
		if (code === 0) {
			this.#fg = this.#bg = undefined;
			this.#inverse = false;
			marks.clear();
		} else if (code === 1) marks.add('bold');
		else if (code === 2) marks.add('dim');
		else if (code === 3) marks.add('italic');
		else if (code === 4) marks.add('underline');
		else if (code === 7) this.#inverse = true;
		else if (code === 9) marks.add('strike');
		else if (code === 22) {
			marks.delete('bold');
			marks.delete('dim');
		} else if (code === 23) marks.delete('italic');
		else if (code === 24) marks.delete('underline');
		else if (code === 27) this.#inverse = false;
		else if (code === 29) marks.delete('strike');
		else if (code >= 30 && code <= 37) this.#fg = NAMES[code - 30];
		else if (code === 39) this.#fg = undefined;
		else if (code >= 40 && code <= 47) this.#bg = NAMES[code - 40];
		else if (code === 49) this.#bg = undefined;
		else if (code >= 90 && code <= 97) this.#fg = `bright-${NAMES[code - 90]}`;
		else if (code >= 100 && code <= 107) this.#bg = `bright-${NAMES[code - 100]}`;
	}

	/** On a coloured ground the letters take the page's: every pair of it can be read. */
	#compose(): string {
		const ground = this.#inverse ? (this.#fg ?? 'text') : this.#bg;
		const letters = this.#inverse ? undefined : this.#fg;
		const looks = [...this.#marks].map((mark) => `ansi-${mark}`);
		if (ground !== undefined && ground !== 'black') looks.push(`ansi-bg-${ground}`);
		else if (letters !== undefined && letters !== 'black') looks.push(`ansi-${letters}`);
		return looks.join(' ');
	}
}

/** `38;5;n` and `38;2;r;g;b` as the nearest of the sixteen, which follow the theme. */
function extended(rest: readonly number[]): { name: string | undefined; used: number } {
	const [kind, a = 0, b = 0, c = 0] = rest;
	if (kind === 2) return { name: nearest(a, b, c), used: 4 };
	if (kind !== 5) return { name: undefined, used: 0 };
	if (a < 8) return { name: NAMES[a], used: 2 };
	if (a < 16) return { name: `bright-${NAMES[a - 8]}`, used: 2 };
	if (a > 231) return { name: a > 243 ? 'white' : 'bright-black', used: 2 };
	const level = (n: number) => (n === 0 ? 0 : 55 + 40 * n);
	const cube = a - 16;
	const [r, g, blue] = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(level);
	return { name: nearest(r!, g!, blue!), used: 2 };
}

function nearest(r: number, g: number, b: number): string | undefined {
	const most = Math.max(r, g, b);
	const half = most / 2;
	const name = NAMES[(r > half ? 1 : 0) | (g > half ? 2 : 0) | (b > half ? 4 : 0)];
	return most > 200 ? `bright-${name}` : name;
}

export type Piece = Span & { hit: boolean };

/** A line with the places that hold `query`, in whatever case. */
export function marked(line: Line, query: string): Piece[] {
	const text = plain(line);
	const lower = text.toLowerCase();
	// A few letters grow in lower case; then only the exact spelling is found.
	const hay = lower.length === text.length ? lower : text;
	const needle = lower.length === text.length ? query.toLowerCase() : query;
	const cuts: [number, number][] = [];
	if (needle !== '') {
		for (let at = hay.indexOf(needle); at !== -1; at = hay.indexOf(needle, at + needle.length)) {
			cuts.push([at, at + needle.length]);
		}
	}
	const pieces: Piece[] = [];
	let start = 0;
	for (const { text: part, look } of line) {
		const end = start + part.length;
		let from = start;
		for (const [a, b] of cuts) {
			if (b <= from || a >= end) continue;
			if (a > from) pieces.push({ text: text.slice(from, a), look, hit: false });
			pieces.push({ text: text.slice(Math.max(a, from), Math.min(b, end)), look, hit: true });
			from = Math.min(b, end);
		}
		if (from < end) pieces.push({ text: text.slice(from, end), look, hit: false });
		start = end;
	}
	return pieces;
}
