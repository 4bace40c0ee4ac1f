// The terminal's screen: xterm.js with its add-ons, its looks and its keys. Knows no socket.

import { Terminal } from '@xterm/xterm';
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { WebLinksAddon } from '@xterm/addon-web-links';
import '@xterm/xterm/css/xterm.css';
import { localAddress, type LocalAddress } from '../local-address.ts';
import { InputGate } from './acks.ts';
import { LastOutput } from './last-output.ts';
import { guarded, isWebAddress, themeFromTokens } from './look.ts';
import { copyText } from '#lib/clipboard.ts';

export type Size = { cols: number; rows: number };
type Options = {
	onInput: (bytes: Uint8Array) => void;
	/** Ctrl+M was pressed. */
	onToggleTab: () => void;
	onSearch: () => void;
	/** Alt+O was pressed in screen-reader mode. */
	onReadOutput: () => void;
	onCopied: (copied: boolean) => void;
	/** A link to what the sandbox itself serves was followed. */
	onLocal: (address: LocalAddress) => void;
};

const SMALLEST_FONT = 9;
/** RIS (ECMA-48, 8.3.105), in its turn among the bytes: what was written before may still wait. */
const FULL_RESET = '\x1bc';
const utf8 = new TextEncoder();

export class TerminalScreen {
	readonly #terminal: Terminal;
	readonly #fit = new FitAddon();
	readonly #search = new SearchAddon();
	readonly #gate = new InputGate();
	readonly #host: HTMLElement;
	readonly #output: LastOutput;
	#reading = false;
	tabLeaves = false;

	constructor(host: HTMLElement, options: Options) {
		this.#host = host;
		this.#terminal = new Terminal({
			scrollback: 5000,
			cursorBlink: false,
			allowProposedApi: true,
			fontFamily: "'JetBrains Mono Variable', monospace",
			fontSize: baseFontSize(),
			lineHeight: 1.2,
			minimumContrastRatio: 4.5,
			theme: themeFromTokens(),
			// OSC 8 links, whose text can hide their target: opened like any other.
			linkHandler: { activate: (_event, uri) => openLink(uri, options) },
			logLevel: 'off',
		});
		this.#terminal.loadAddon(this.#fit);
		this.#terminal.loadAddon(this.#search);
		this.#terminal.loadAddon(new WebLinksAddon((_event, uri) => openLink(uri, options)));
		guarded(this.#terminal);
		this.#output = new LastOutput(this.#terminal);
		this.#terminal.attachCustomKeyEventHandler((event) => this.#key(event, options));
		this.#terminal.onData((data) => {
			if (this.#gate.passes(data)) options.onInput(utf8.encode(data));
		});
		this.#terminal.onBinary((data) => {
			options.onInput(Uint8Array.from(data, (character) => character.charCodeAt(0)));
		});
		this.#terminal.open(host);
	}

	get size(): Size {
		return { cols: this.#terminal.cols, rows: this.#terminal.rows };
	}

	/** Output of the shell; `done` is called once it is on the screen. */
	write(bytes: Uint8Array, done: () => void): void {
		this.#terminal.write(bytes, done);
	}

	/**
	 * Screen and scrollback as they are in runnerd, instead of what is here and of what waits to be
	 * shown; `done` is called once they are on the screen.
	 */
	replay(data: string, { cols, rows }: Size, done: () => void): void {
		this.#gate.begin();
		this.#terminal.write(FULL_RESET, () => this.#terminal.resize(cols, rows));
		this.#terminal.write(data, () => {
			this.#gate.end();
			done();
		});
	}

	/** Whether it is laid out at all. */
	get visible(): boolean {
		return this.#host.clientWidth > 0;
	}

	resize({ cols, rows }: Size): void {
		this.#terminal.resize(cols, rows);
	}

	/** Fills the frame; returns the size it came to. */
	fill(): Size {
		this.#terminal.options.fontSize = baseFontSize();
		const size = this.#fit.proposeDimensions();
		if (size && Number.isFinite(size.cols) && size.cols >= 2 && size.rows >= 1) {
			this.#terminal.resize(Math.min(size.cols, 500), Math.min(size.rows, 300));
		}
		return this.size;
	}

	/** Takes the driver's size, in letters as large as the frame allows; the rest scrolls. */
	follow({ cols, rows }: Size): void {
		this.#terminal.options.fontSize = baseFontSize();
		if (cols !== this.#terminal.cols || rows !== this.#terminal.rows) {
			this.#terminal.resize(cols, rows);
		}
		const room = this.#fit.proposeDimensions();
		if (!room || !Number.isFinite(room.cols)) return;
		const scale = Math.min(1, room.cols / cols, room.rows / rows);
		const font = Math.floor(baseFontSize() * scale * 2) / 2;
		this.#terminal.options.fontSize = Math.max(SMALLEST_FONT, font);
	}

	restyle(): void {
		this.#terminal.options.theme = themeFromTokens();
		this.#terminal.options.fontSize = baseFontSize();
	}

	set typing(allowed: boolean) {
		this.#terminal.options.disableStdin = !allowed;
		this.#terminal.options.cursorStyle = allowed ? 'block' : 'underline';
	}

	set screenReader(on: boolean) {
		this.#reading = on;
		this.#terminal.options.screenReaderMode = on;
	}

	lastOutput(): string {
		return this.#output.text();
	}

	find(text: string, direction: 'next' | 'previous'): boolean {
		return direction === 'next' ? this.#search.findNext(text) : this.#search.findPrevious(text);
	}

	endSearch(): void {
		this.#search.clearDecorations();
		this.focus();
	}

	focus(): void {
		this.#terminal.focus();
	}

	get focused(): boolean {
		return this.#host.contains(document.activeElement);
	}

	copy(): Promise<boolean> {
		return copyText(this.#terminal.getSelection());
	}

	destroy(): void {
		this.#terminal.dispose();
	}

	/** False keeps a key from the shell. */
	#key(event: KeyboardEvent, options: Options): boolean {
		if (event.type !== 'keydown') return true;
		const control = event.ctrlKey && !event.altKey && !event.metaKey;
		const key = event.key.toLowerCase();
		if (control && event.shiftKey && key === 'c') {
			event.preventDefault();
			if (this.#terminal.hasSelection()) void this.copy().then(options.onCopied);
			return false;
		}
		// The browser's own paste follows, also where there is no clipboard API.
		if (control && event.shiftKey && key === 'v') return false;
		if (control && event.shiftKey && key === 'f') {
			event.preventDefault();
			options.onSearch();
			return false;
		}
		if (control && !event.shiftKey && key === 'm') {
			event.preventDefault();
			options.onToggleTab();
			return false;
		}
		if (event.key === 'Tab' && this.tabLeaves) return false;
		if (this.#reading && event.altKey && key === 'o') {
			event.preventDefault();
			options.onReadOutput();
			return false;
		}
		// The page's own shortcuts.
		if (event.altKey && /^[0-9]$/.test(key)) return false;
		if (control && event.shiftKey && event.key === 'Enter') return false;
		if (event.altKey && !control && /^Page(Up|Down)$/.test(event.key)) return false;
		if (event.altKey && event.shiftKey && /^Key[NW]$/.test(event.code)) return false;
		return true;
	}
}

/** Opens http and https addresses only, without telling the page where it was opened from. */
function openLink(uri: string, { onLocal }: Pick<Options, 'onLocal'>): void {
	const local = localAddress(uri);
	if (local) onLocal(local);
	else if (isWebAddress(uri)) window.open(new URL(uri).href, '_blank', 'noopener,noreferrer');
}

/** 13 px of the 16 px root: follows the projector switch and the browser's own zoom. */
function baseFontSize(): number {
	const root = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
	return Math.round(root * 0.8125 * 2) / 2;
}
