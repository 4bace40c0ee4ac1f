// What a terminal shows and has scrolled past, kept by a headless xterm and told to late joiners.

import headless from '@xterm/headless';
import serialize from '@xterm/addon-serialize';
import type { TerminalMessage } from '@containrlab/protocol/terminal.ts';
import { StreamTail } from './stream-tail.ts';

/** Lines that a late joiner can scroll back; about 2 MB of memory at 80 columns. */
const SCROLLBACK = 2000;

/** Private modes that say how the mouse is reported; the serializer leaves them out. */
const MOUSE_ENCODINGS = new Set([1005, 1006, 1015, 1016]);
const ALTERNATE_SCREENS = new Set([47, 1047, 1049]);

/** The headless terminal never answers queries: the driver's browser does, and once is enough. */
export class Screen {
	#terminal: InstanceType<typeof headless.Terminal>;
	#serializer = new serialize.SerializeAddon();
	#tail = new StreamTail();
	#extras: Extras = noExtras();
	/** Made once for all who look at the same moment. */
	#snapshot: Snapshot | undefined;

	constructor(cols: number, rows: number) {
		this.#terminal = new headless.Terminal({
			cols,
			rows,
			scrollback: SCROLLBACK,
			allowProposedApi: true,
		});
		// The addon is typed for the browser's terminal; it uses only what both have.
		this.#terminal.loadAddon(this.#serializer as never);
		this.#watchExtras();
	}

	get cols(): number {
		return this.#terminal.cols;
	}

	get rows(): number {
		return this.#terminal.rows;
	}

	/** One at a time: `done` must have been called before the next write, resize or snapshot. */
	write(data: Uint8Array, done: () => void): void {
		this.#snapshot = undefined;
		this.#terminal.write(data, () => {
			this.#tail.push(data);
			done();
		});
	}

	resize(cols: number, rows: number): void {
		this.#snapshot = undefined;
		this.#terminal.resize(cols, rows);
		this.#extras.region = undefined;
	}

	/** Everything gone: another stream begins. */
	reset(): void {
		this.#snapshot = undefined;
		this.#terminal.reset();
		this.#tail.clear();
		this.#extras = noExtras();
	}

	snapshot(): Snapshot {
		this.#snapshot ??= this.#takeSnapshot();
		return this.#snapshot;
	}

	/** As `snapshot().data`, without what has scrolled past. */
	picture(): string {
		return this.#serializer.serialize({ scrollback: 0 }) + this.#restoreExtras();
	}

	#takeSnapshot(): Snapshot {
		const data = this.#serializer.serialize({ scrollback: SCROLLBACK }) + this.#restoreExtras();
		const { cols, rows } = this;
		const message: TerminalMessage = { type: 'snapshot', data, cols, rows };
		return { data, encoded: JSON.stringify(message), tail: this.#tail.bytes };
	}

	dispose(): void {
		this.#terminal.dispose();
	}

	/** Follows the state that the serializer doesn't know. The handlers let xterm go on as usual. */
	#watchExtras(): void {
		const { parser } = this.#terminal;
		const setModes = (on: boolean) => (params: (number | number[])[]) => {
			for (const mode of params) if (typeof mode === 'number') this.#setMode(mode, on);
			return false;
		};
		parser.registerCsiHandler({ prefix: '?', final: 'h' }, setModes(true));
		parser.registerCsiHandler({ prefix: '?', final: 'l' }, setModes(false));
		parser.registerCsiHandler({ final: 'r' }, ([top, bottom]) => {
			this.#extras.region = [Number(top) || 1, Number(bottom) || this.rows];
			return false;
		});
		const clear = () => {
			this.#extras = noExtras();
			return false;
		};
		parser.registerCsiHandler({ intermediates: '!', final: 'p' }, clear);
		parser.registerEscHandler({ final: 'c' }, clear);
		// Targets of links aren't in a snapshot, and a hostile program could fill our memory with them.
		parser.registerOscHandler(8, () => true);
	}

	#setMode(mode: number, on: boolean): void {
		if (mode === 25) this.#extras.cursorHidden = !on;
		if (MOUSE_ENCODINGS.has(mode)) this.#extras.mouseEncoding = on ? mode : undefined;
		if (ALTERNATE_SCREENS.has(mode)) this.#extras.region = undefined;
	}

	#restoreExtras(): string {
		const { cursorHidden, mouseEncoding, region } = this.#extras;
		let data = '';
		// Setting a scroll region moves the cursor, so it is put back.
		if (region && (region[0] > 1 || region[1] < this.rows)) {
			data += `\x1b7\x1b[${region[0]};${region[1]}r\x1b8`;
		}
		if (mouseEncoding) data += `\x1b[?${mouseEncoding}h`;
		if (cursorHidden) data += '\x1b[?25l';
		return data;
	}
}

export interface Snapshot {
	/** Restores the screen in an empty terminal of its size. */
	readonly data: string;
	/** The message with it. */
	readonly encoded: string;
	/**
	 * The beginning of a character or control sequence whose rest comes with the next bytes: send it
	 * right after.
	 */
	readonly tail: Uint8Array;
}

interface Extras {
	cursorHidden: boolean;
	mouseEncoding: number | undefined;
	region: [number, number] | undefined;
}

function noExtras(): Extras {
	return { cursorHidden: false, mouseEncoding: undefined, region: undefined };
}
