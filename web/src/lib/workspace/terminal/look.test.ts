// Escape sequences that try to reach who watches, on a terminal set up as the page's is; what it answers
// would be typed into the driver's shell. runnerd/terminals/string-limit.test.ts has the endless ones.

import headless from '@xterm/headless';
import type { Terminal } from '@xterm/xterm';
import { TERMINAL_REPORT } from '@containrlab/protocol/terminal.ts';
import { expect, it } from 'vitest';
import { guarded, isWebAddress } from './look.ts';

/** Words of the attacker's, which must come back nowhere. */
const EVIL = 'curl evil.example';

async function shown(output: string) {
	const terminal = new headless.Terminal({ cols: 80, rows: 24, allowProposedApi: true });
	const answers: string[] = [];
	const titles: string[] = [];
	terminal.onData((data) => answers.push(data));
	terminal.onBinary((data) => answers.push(data));
	terminal.onTitleChange((title) => titles.push(title));
	// What is used of it is the same in both.
	guarded(terminal as unknown as Terminal);
	await new Promise<void>((resolve) => terminal.write(`${output}after`, resolve));
	const line = (y: number) => terminal.buffer.active.getLine(y)!.translateToString(true);
	const text = [0, 1, 2].map(line).join('\n').trimEnd();
	const links = (
		terminal as unknown as { _core: { _oscLinkService: { _dataByLinkId: Map<number, unknown> } } }
	)._core._oscLinkService._dataByLinkId.size;
	terminal.dispose();
	return { answers, titles, text, links };
}

it.each([
	['writing the clipboard', `\x1b]52;c;${btoa(EVIL)}\x07`],
	['reading the clipboard', '\x1b]52;c;?\x07'],
	['a title', `\x1b]0;${EVIL}\x07\x1b]2;${EVIL}\x1b\\`],
	['a title asked back', `\x1b]2;${EVIL}\x07\x1b[21t\x1b[20t`],
	['a title pushed and popped', `\x1b]2;${EVIL}\x07\x1b[22t\x1b[23t\x1b[21t`],
	['an answerback', '\x05'],
	['a setting asked for that is none', `\x1bP$q${EVIL}\x1b\\`],
	['a termcap asked for', '\x1bP+q6375726c\x1b\\'],
	['a key defined', `\x1bP0;1|17/${EVIL}\x1b\\`],
	['sixels', '\x1bPq#0;2;0;0;0~~\x1b\\'],
	['a picture of iTerm', `\x1b]1337;File=inline=1:${btoa(EVIL)}\x07`],
	['a picture of kitty', `\x1b_Gf=100,t=f;${btoa('/etc/passwd')}\x1b\\`],
	['an 8-bit clipboard', `\u009d52;c;${btoa(EVIL)}\u009c`],
	['a notification', `\x1b]9;${EVIL}\x07\x1b]777;notify;${EVIL}\x07`],
	['a directory', `\x1b]7;file:///${EVIL}\x07`],
])('%s: nothing is shown, told or typed', async (_name, output) => {
	const { answers, titles, text } = await shown(output);
	expect(text).toBe('after');
	expect(titles).toEqual([]);
	for (const answer of answers) {
		expect(answer).toMatch(TERMINAL_REPORT);
		expect(answer).not.toMatch(/curl|[\r\n]/);
	}
});

it.each([
	['attributes', '\x1b[c\x1b[>c'],
	['the cursor', '\x1b[6n'],
	['modes', '\x1b[?1$p'],
	['a setting', '\x1bP$qm\x1b\\'],
])('%s are answered in a form that the gate knows', async (_name, output) => {
	const { answers } = await shown(output);
	expect(answers.length).toBeGreaterThan(0);
	for (const answer of answers) expect(answer).toMatch(TERMINAL_REPORT);
});

it.each([
	'javascript:alert(1)',
	'file:///etc/passwd',
	'data:text/html,x',
	'vbscript:x',
	'ssh://x',
	'x',
])('a link to %s is no link', async (target) => {
	expect(isWebAddress(target)).toBe(false);
	const { text, links } = await shown(`\x1b]8;;${target}\x1b\\words\x1b]8;;\x1b\\ `);
	expect({ text, links }).toEqual({ text: 'words after', links: 0 });
});

it('links to the web are links, up to a number of them', async () => {
	expect((await shown('\x1b]8;;https://docs.docker.com/\x1b\\words\x1b]8;;\x1b\\ ')).links).toBe(1);
	const many = Array.from({ length: 9000 }, (_, n) => `\x1b]8;;https://x.example/${n}\x07x\r`);
	expect((await shown(many.join(''))).links).toBeLessThanOrEqual(5000);
	const long = `https://x.example/${'x'.repeat(3000)}`;
	expect((await shown(`\x1b]8;;${long}\x07x\x1b]8;;\x07`)).links).toBe(0);
});
