import headless from '@xterm/headless';
import type { Terminal } from '@xterm/xterm';
import { expect, it } from 'vitest';
import { LastOutput } from './last-output.ts';

const BEGIN = '\x1b]133;C\x07';
const END = '\x1b]133;D\x07';

async function shown(...output: string[]) {
	const terminal = new headless.Terminal({ cols: 20, rows: 4, allowProposedApi: true });
	// What is used of it is the same in both.
	const last = new LastOutput(terminal as unknown as Terminal);
	await new Promise<void>((resolve) => terminal.write(output.join(''), resolve));
	return { text: last.text(), markers: terminal.markers.length };
}

it('is what was printed between the marks, wrapped lines as one', async () => {
	const long = 'twenty-one-characters';
	const first = `$ ls\r\n${BEGIN}a\r\n${END}`;
	expect((await shown(first, `$ cat\r\n${BEGIN}${long}\r\nb\r\n${END}$ `)).text).toBe(`${long}\nb`);
	expect((await shown(first, `$ sleep\r\n${BEGIN}so far`)).text).toBe('so far');
});

it('is what is on the screen where nothing is marked', async () => {
	expect((await shown('1\r\n2\r\n3\r\n4\r\n5')).text).toBe('2\n3\n4\n5');
});

it('keeps two marks, however many a program makes', async () => {
	const { text, markers } = await shown((BEGIN + END + END).repeat(1000), 'end');
	expect({ text, markers }).toEqual({ text: '', markers: 2 });
});
