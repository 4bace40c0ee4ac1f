// The player's screen: an xterm that nobody types into, and that opens and copies nothing by itself.

import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { guarded, themeFromTokens } from '#lib/workspace/terminal/look.ts';
import type { Size } from './cast.ts';
import type { CastScreen } from './drawing.ts';

const FONT = { most: 14, least: 6 };
/** RIS (ECMA-48, 8.3.105), in its turn among what is written. */
const FULL_RESET = '\x1bc';

export class PlayerScreen implements CastScreen {
	readonly #terminal: Terminal;
	readonly #host: HTMLElement;

	constructor(host: HTMLElement) {
		this.#host = host;
		this.#terminal = new Terminal({
			scrollback: 5000,
			cursorBlink: false,
			disableStdin: true,
			allowProposedApi: true,
			fontFamily: "'JetBrains Mono Variable', monospace",
			fontSize: FONT.most,
			lineHeight: 1.2,
			minimumContrastRatio: 4.5,
			theme: themeFromTokens(),
			// Links of a recording lead nowhere.
			linkHandler: { activate: () => {} },
			logLevel: 'off',
		});
		guarded(this.#terminal);
		// Tab moves on: there is nothing to type into.
		this.#terminal.attachCustomKeyEventHandler(() => false);
		this.#terminal.open(host);
	}

	set screenReader(on: boolean) {
		this.#terminal.options.screenReaderMode = on;
	}

	write(text: string, done?: () => void): void {
		this.#terminal.write(text, done);
	}

	resize({ cols, rows }: Size): void {
		this.#terminal.write('', () => {
			this.#terminal.resize(cols, rows);
			this.fit();
		});
	}

	reset(size: Size): void {
		this.write(FULL_RESET);
		this.resize(size);
	}

	/** Letters as large as the frame allows: it has the size of the student's window. */
	fit(): void {
		const { cols, options } = this.#terminal;
		const screen = this.#host.querySelector<HTMLElement>('.xterm-screen');
		if (!screen || screen.clientWidth === 0) return;
		const letter = screen.clientWidth / cols / (options.fontSize ?? FONT.most);
		const font = Math.floor((this.#host.clientWidth / cols / letter) * 2) / 2;
		options.fontSize = Math.min(FONT.most, Math.max(FONT.least, font));
	}

	restyle(): void {
		this.#terminal.options.theme = themeFromTokens();
	}

	destroy(): void {
		this.#terminal.dispose();
	}
}
