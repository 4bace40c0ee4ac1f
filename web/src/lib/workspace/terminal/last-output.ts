// What the last command printed, for who has it read aloud: the shell marks where it begins and ends
// (OSC 133).

import type { IMarker, Terminal } from '@xterm/xterm';

/** Lines read out at most. */
const LINES_MAX = 400;

export class LastOutput {
	readonly #terminal: Terminal;
	#from: IMarker | undefined;
	#to: IMarker | undefined;

	constructor(terminal: Terminal) {
		this.#terminal = terminal;
		terminal.parser.registerOscHandler(133, (data) => this.#mark(data));
	}

	/** Where that isn't known, the last lines on the screen. */
	text(): string {
		const { active } = this.#terminal.buffer;
		const [from, to] = [lineOf(this.#from), lineOf(this.#to)];
		const end = to ?? active.baseY + active.cursorY + 1;
		const start = from ?? Math.max(0, end - this.#terminal.rows);
		let text = '';
		for (let y = Math.max(start, end - LINES_MAX); y < end; y += 1) {
			const line = active.getLine(y);
			const goesOn = active.getLine(y + 1)?.isWrapped ?? false;
			text += (line?.translateToString(!goesOn) ?? '') + (goesOn ? '' : '\n');
		}
		return text.trimEnd();
	}

	#mark(data: string): boolean {
		const begins = data.startsWith('C');
		if (!begins && (!data.startsWith('D') || !this.#from || this.#to)) return true;
		// The alternate screen has none.
		const here = this.#terminal.registerMarker(0);
		if (!here) return true;
		if (!begins) this.#to = here;
		else {
			// xterm keeps all that aren't disposed of, and programs may mark without end.
			this.#from?.dispose();
			this.#to?.dispose();
			[this.#from, this.#to] = [here, undefined];
		}
		return true;
	}
}

function lineOf(marker: IMarker | undefined): number | undefined {
	return marker && !marker.isDisposed && marker.line >= 0 ? marker.line : undefined;
}
