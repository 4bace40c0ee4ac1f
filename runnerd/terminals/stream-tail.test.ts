import { expect, test } from 'vitest';
import { Screen } from './screen.ts';
import { StreamTail } from './stream-tail.ts';

test.each([
	['plain text', 'abc', ''],
	['a complete character', 'ä', ''],
	['half a character', Buffer.from('a😀').subarray(0, 3), Buffer.from('😀').subarray(0, 2)],
	['a continuation without a beginning', Buffer.from([0x80, 0x80, 0x80, 0x80]), ''],
	['ESC alone', 'a\x1b', '\x1b'],
	['an open control sequence', 'a\x1b[31', '\x1b[31'],
	['a complete one', 'a\x1b[31mb', ''],
	['the last of several', '\x1b[1m\x1b[3', '\x1b[3'],
	['an open title', 'a\x1b]0;title', '\x1b]0;title'],
	['a title ended by BEL', 'a\x1b]0;title\x07', ''],
	['a title ended by ESC \\', 'a\x1b]0;title\x1b\\b', ''],
	['a charset without its letter', '\x1b(', '\x1b('],
	['a charset', '\x1b(0', ''],
])('after %s', (_name, input, open) => {
	const bytes = Buffer.from(input);
	const whole = new StreamTail();
	whole.push(bytes);
	expect(Buffer.from(whole.bytes)).toEqual(Buffer.from(open));
	const piecewise = new StreamTail();
	for (const byte of bytes) piecewise.push(Buffer.from([byte]));
	expect(Buffer.from(piecewise.bytes)).toEqual(Buffer.from(open));
});

test('a string without an end is not remembered for ever', () => {
	const tail = new StreamTail();
	tail.push(Buffer.from('\x1b]0;'));
	for (let n = 0; n < 100; n += 1) tail.push(Buffer.alloc(1000, 'x'));
	expect(tail.bytes.length).toBeLessThanOrEqual(4096);
});

test('a snapshot restores scroll region, mouse reports and a hidden cursor', async () => {
	const screen = new Screen(20, 10);
	const write = (text: string) =>
		new Promise<void>((resolve) => screen.write(Buffer.from(text), resolve));
	await write('\x1b[?1000h\x1b[?1006h\x1b[?25l\x1b[3;7r\x1b[5;5Hhere');
	const copy = new Screen(20, 10);
	await new Promise<void>((resolve) => copy.write(Buffer.from(screen.snapshot().data), resolve));
	expect(copy.snapshot()).toEqual(screen.snapshot());
	// Lines scroll inside the region alone.
	for (const one of [screen, copy]) {
		await new Promise<void>((resolve) =>
			one.write(Buffer.from('\x1b[1;1Htop\x1b[7;1H\n\n\nx'), resolve),
		);
	}
	expect(copy.snapshot()).toEqual(screen.snapshot());
	await write('\x1bc');
	expect(screen.snapshot().data).toBe('');
});
