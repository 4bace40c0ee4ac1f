import headless from '@xterm/headless';
import { expect, test } from 'vitest';
import { STRING_MAX, StringLimit } from './string-limit.ts';

/** What comes through, however the stream is cut into pieces. */
function passed(text: string, piece = Infinity): string {
	const limit = new StringLimit();
	const data = Buffer.from(text);
	const out: Buffer[] = [];
	for (let at = 0; at < data.length; at += piece) {
		out.push(limit.pass(data.subarray(at, at + piece)));
	}
	return Buffer.concat(out).toString();
}

const LONG = 'A'.repeat(STRING_MAX * 3);

test.each([
	'plain text, ä © 你好 😀 e\u0301',
	'\x1b[1;31mred\x1b[0m \x1b(B\x1b7\x1b8',
	'\x1b]0;title\x07after \x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\',
	'\x1bP$qm\x1b\\ \x1b_apc\x1b\\ \u009d0;t\u009cafter \x1b]0;x\x18after',
	`\x1b[31m${LONG}\x1b ]${LONG}`,
])('%j comes through as it is', (text) => {
	for (const piece of [1, 7, 4096, Infinity]) expect(passed(text, piece)).toBe(text);
});

test.each([
	['a title', '\x1b]0;', '\x07'],
	['a link', '\x1b]8;;https://', '\x1b\\'],
	['the clipboard', '\x1b]52;c;', '\x07'],
	['a picture in sixels', '\x1bPq', '\x1b\\'],
	['one with bells in it', '\x1bPq\x07', '\x1b\\'],
	['a picture of iTerm', '\x1b]1337;File=inline=1:', '\x07'],
	['a picture of kitty', '\x1b_Ga=T;', '\x1b\\'],
	['SOS', '\x1bX', '\x1b\\'],
	['PM', '\x1b^', '\x1b\\'],
	['begun with a control in between', '\x1b\0]0;', '\x07'],
	['an 8-bit OSC', '\u009d0;', '\u009c'],
	['an 8-bit DCS', '\u0090q', '\u009c'],
])('%s of any length ends in time, and what follows is shown', async (_name, begin, end) => {
	for (const piece of [1, 1000, Infinity]) {
		const out = passed(`before${begin}${LONG}${end}after ${begin}short${end}!`, piece);
		expect(out.length).toBeLessThan(STRING_MAX + 100);
		const terminal = new headless.Terminal({ allowProposedApi: true });
		await new Promise<void>((resolve) => terminal.write(out, resolve));
		const shown = terminal.buffer.active.getLine(terminal.buffer.active.cursorY)!;
		expect(shown.translateToString(true)).toMatch(/after !$/);
		terminal.dispose();
	}
});

test('one that never ends lets nothing more through', () => {
	expect(passed(`\x1b]0;${LONG}${LONG}`)).toHaveLength(STRING_MAX + 3);
});
