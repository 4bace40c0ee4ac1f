// One terminal recorded for review, as asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/):
// what it shows and how large it is, never what is typed, which may be a password that isn't shown.

import { newId } from '@containrlab/protocol/id.ts';
import type { Feed } from './feed.ts';
import type { Screen } from './screen.ts';

/** Of one recording; the next begins with the screen as it is. */
const LENGTH_MAX = 4 * 1024 * 1024;
/** What is kept of a flood: more than anybody reads (bytes per second, and at once). */
const RATE = 16 * 1024;
const BURST = 256 * 1024;
/** After a flood it goes on with so much to spend. */
const RESUME = BURST / 8;
/** Of one picture: with a colour for each letter it could be megabytes, again and again. */
const PICTURE_MAX = 256 * 1024;
/** A part is handed on after this long, or when it is this long. */
const PART_MS = 2000;
const PART_LENGTH = 32 * 1024;
/** Players pass over longer pauses (seconds). */
const PAUSE_MAX = 2;
/** RIS: players draw the picture that follows on an empty screen. */
const RESET = '\x1bc';

export interface RecordingPart {
	recording: string;
	terminal: string;
	/** From 0; the first has the header. */
	seq: number;
	/** Whole lines of asciicast. */
	cast: string;
}

export class Recorder {
	#terminal: string;
	#screen: Screen;
	#whenStill: (act: () => void) => void;
	/** False when nobody takes it now: then this recording has ended. */
	#keep: (part: RecordingPart) => boolean;
	#open: Recording | undefined;
	#driver: string | undefined;
	#decoder = new TextDecoder();
	#allowance = BURST;
	#allowedAt = performance.now();
	#skipping: NodeJS.Timeout | undefined;
	#flushing: NodeJS.Timeout | undefined;

	constructor(feed: Feed, keep: (part: RecordingPart) => boolean) {
		this.#terminal = feed.name;
		this.#screen = feed.screen;
		this.#whenStill = (act) => feed.whenStill(act);
		this.#keep = keep;
	}

	/** The screen shows `data` already. */
	output(data: Uint8Array): void {
		if (this.#skipping || data.length === 0) return;
		if (this.#earned() < (this.#open ? data.length : 1)) return this.#skip();
		if (!this.#open) return this.#begin();
		this.#allowance -= data.length;
		const text = this.#decoder.decode(data, { stream: true });
		if (text !== '') this.#add('o', text);
	}

	resized(): void {
		if (this.#open) this.#add('r', `${this.#screen.cols}x${this.#screen.rows}`);
	}

	/** Who types from now on. */
	driver(name: string | undefined): void {
		if (name === undefined || name === this.#driver) return;
		this.#driver = name;
		if (this.#open) this.#add('m', `${name} types`);
	}

	/** The stream goes on elsewhere: so does the recording, from the next output on. */
	end(): void {
		this.#flush();
		clearTimeout(this.#skipping);
		this.#skipping = undefined;
		this.#open = undefined;
	}

	#begin(): void {
		const { cols: width, rows: height } = this.#screen;
		const timestamp = Math.floor(Date.now() / 1000);
		const header = {
			...{ version: 2, width, height, timestamp, idle_time_limit: PAUSE_MAX },
			...{
				title: `Terminal ${this.#terminal}`,
				env: { TERM: 'xterm-256color', SHELL: '/bin/bash' },
			},
		};
		const lines = [`${JSON.stringify(header)}\n`];
		this.#open = { id: newId(), seq: 0, began: performance.now(), length: 0, lines, pending: 0 };
		if (this.#driver !== undefined) this.#add('m', `${this.#driver} types`);
		this.#picture();
	}

	/** The screen as it is, in place of what led to it. */
	#picture(): void {
		this.#decoder = new TextDecoder();
		const picture = this.#screen.picture();
		// Also what isn't there to spend: it is missing afterwards.
		this.#allowance -= picture.length;
		const fits = picture.length <= PICTURE_MAX;
		this.#add('o', RESET + (fits ? picture : 'This screen is too large to be recorded.\r\n'));
	}

	#skip(): void {
		if (this.#open) this.#add('m', 'too much output to record all of it');
		const look = () => {
			this.#skipping = undefined;
			if (this.#earned() < RESUME) this.#skipping = setTimeout(look, PART_MS);
			else this.#whenStill(() => this.#open && this.#picture());
		};
		this.#skipping = setTimeout(look, PART_MS);
	}

	#earned(): number {
		const now = performance.now();
		this.#allowance = Math.min(BURST, this.#allowance + ((now - this.#allowedAt) / 1000) * RATE);
		this.#allowedAt = now;
		return this.#allowance;
	}

	#add(code: 'o' | 'r' | 'm', text: string): void {
		const open = this.#open!;
		const at = Math.round(performance.now() - open.began) / 1000;
		const line = `${JSON.stringify([at, code, text])}\n`;
		open.lines.push(line);
		open.pending += line.length;
		open.length += line.length;
		if (open.length > LENGTH_MAX) this.#full(open);
		else if (open.pending > PART_LENGTH) this.#flush();
		else this.#flushing ??= setTimeout(() => this.#flush(), PART_MS);
	}

	#full(open: Recording): void {
		const at = Math.round(performance.now() - open.began) / 1000;
		open.lines.push(`${JSON.stringify([at, 'm', 'goes on in the next recording'])}\n`);
		this.end();
	}

	#flush(): void {
		clearTimeout(this.#flushing);
		this.#flushing = undefined;
		const open = this.#open;
		if (!open || open.lines.length === 0) return;
		const { id: recording, seq } = open;
		const cast = open.lines.join('');
		open.lines = [];
		open.pending = 0;
		open.seq += 1;
		if (!this.#keep({ recording, terminal: this.#terminal, seq, cast })) this.#open = undefined;
	}
}

interface Recording {
	id: string;
	seq: number;
	began: number;
	length: number;
	lines: string[];
	pending: number;
}
