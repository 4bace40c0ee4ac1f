// What every xterm of ours has in common: its colours, and what programs may not do to who watches.

import type { ITheme, Terminal } from '@xterm/xterm';

/** Targets of links, which a hostile program may print without end. */
const LINKS_MAX = 5000;
const LINK_LENGTH_MAX = 2048;

/** To be called once, before anything is written. */
export function guarded(terminal: Terminal): void {
	const { parser } = terminal;
	// OSC 52 would let any program read or replace the clipboard: swallowed.
	parser.registerOscHandler(52, () => true);
	// Titles are shown nowhere, and needn't be kept.
	for (const title of [0, 1, 2]) parser.registerOscHandler(title, () => true);
	// OSC 8: beyond the bounds the words stay, without their link.
	let links = 0;
	parser.registerOscHandler(8, (data) => {
		const target = data.slice(data.indexOf(';') + 1);
		if (target === '') return false;
		links += 1;
		return links > LINKS_MAX || target.length > LINK_LENGTH_MAX || !isWebAddress(target);
	});
}

/** Whether a link may be opened: programs print whatever they like. */
export function isWebAddress(uri: string): boolean {
	return URL.canParse(uri) && /^https?:$/.test(new URL(uri).protocol);
}

export function themeFromTokens(): ITheme {
	const styles = getComputedStyle(document.documentElement);
	const token = (name: string) => styles.getPropertyValue(`--${name}`).trim();
	return {
		background: token('terminal'),
		foreground: token('text'),
		cursor: token('accent'),
		cursorAccent: token('terminal'),
		selectionBackground: token('terminal-selection'),
		black: token('ansi-black'),
		red: token('ansi-red'),
		green: token('ansi-green'),
		yellow: token('ansi-yellow'),
		blue: token('ansi-blue'),
		magenta: token('ansi-magenta'),
		cyan: token('ansi-cyan'),
		white: token('ansi-white'),
		brightBlack: token('ansi-bright-black'),
		brightRed: token('ansi-bright-red'),
		brightGreen: token('ansi-bright-green'),
		brightYellow: token('ansi-bright-yellow'),
		brightBlue: token('ansi-bright-blue'),
		brightMagenta: token('ansi-bright-magenta'),
		brightCyan: token('ansi-bright-cyan'),
		brightWhite: token('ansi-bright-white'),
	};
}
