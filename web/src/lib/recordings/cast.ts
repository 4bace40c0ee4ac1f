// Recordings of terminals: asciicast v2, parsed without trust, and its timeline without long pauses.

/** Longer pauses last so long on the timeline (seconds). */
const PAUSE_MAX = 2;
const COLS_MAX = 500;
const ROWS_MAX = 300;

export type Size = { cols: number; rows: number };
export type CastEvent =
	{ at: number; kind: 'output'; text: string } | { at: number; kind: 'size'; size: Size };
export type Mark = { at: number; text: string };

export type Cast = {
	size: Size;
	/** By their place on the timeline. */
	events: readonly CastEvent[];
	marks: readonly Mark[];
	duration: number;
};

/** Undefined for what isn't one; lines that can't be read are left out, as they may be newer than we. */
export function parseCast(text: string): Cast | undefined {
	const [first = '', ...lines] = text.split('\n');
	const header = parsed(first);
	if (typeof header !== 'object' || header === null) return undefined;
	const { version, width, height } = header as Record<string, unknown>;
	const size = sizeOf(Number(width), Number(height));
	if (version !== 2 || !size) return undefined;
	const events: CastEvent[] = [];
	const marks: Mark[] = [];
	let before = 0;
	let at = 0;
	for (const line of lines) {
		const [time, code, data] = tuple(parsed(line));
		if (typeof time !== 'number' || typeof data !== 'string') continue;
		at += Math.min(Math.max(0, time - before), PAUSE_MAX);
		before = Math.max(before, time);
		if (code === 'o') events.push({ at, kind: 'output', text: data });
		else if (code === 'm') marks.push({ at, text: data });
		else if (code === 'r') {
			const [cols, rows] = data.split('x').map(Number);
			const size = sizeOf(cols, rows);
			if (size) events.push({ at, kind: 'size', size });
		}
	}
	return { size, events, marks, duration: at };
}

function sizeOf(cols = NaN, rows = NaN): Size | undefined {
	const fits = (value: number, least: number, most: number) =>
		Number.isInteger(value) && value >= least && value <= most;
	return fits(cols, 2, COLS_MAX) && fits(rows, 1, ROWS_MAX) ? { cols, rows } : undefined;
}

const tuple = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function parsed(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch {
		return undefined;
	}
}

/** 75 → "1:15". */
export function clockWords(seconds: number): string {
	const whole = Math.floor(seconds);
	return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** 75 → "1 min". */
export function lengthWords(seconds: number): string {
	return seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
