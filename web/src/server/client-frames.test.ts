import { describe, expect, it } from 'vitest';
import { ClientFrames, isEdit, isTyping, type Begun } from './client-frames.ts';

const MASK = [0x37, 0xfa, 0x21, 0x3d];

/** As a browser would send it. */
function framed(payload: Uint8Array, opcode = 2): Buffer {
	const { length } = payload;
	const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
	head[0] = 0x80 | opcode;
	head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
	if (head.length === 4) head.writeUInt16BE(length, 2);
	if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
	const masked = payload.map((byte, index) => byte ^ MASK[index % 4]!);
	return Buffer.concat([head, Buffer.from(MASK), masked]);
}

function seen(stream: Buffer, step: number): Begun[] {
	const messages: Begun[] = [];
	const frames = new ClientFrames((message) => messages.push(message));
	for (let at = 0; at < stream.length; at += step) frames.take(stream.subarray(at, at + step));
	return messages;
}

describe('ClientFrames', () => {
	const payloads = [0, 1, 2, 125, 126, 65_535, 65_536, 3].map((length) =>
		Uint8Array.from({ length }, (_, index) => (index * 7) % 256),
	);
	const stream = Buffer.concat([
		...payloads.flatMap((payload) => [framed(payload), framed(new Uint8Array(4), 9)]),
		framed(new TextEncoder().encode('{"type":"ack"}'), 1),
	]);

	it.each([1, 2, 3, 7, 1000, 1_000_000])('finds every message in pieces of %i bytes', (step) => {
		const messages = seen(stream, step);
		expect(messages.map((each) => each.length)).toEqual([
			...payloads.map((payload) => payload.length),
			14,
		]);
		expect(messages.map((each) => each.binary)).toEqual([...payloads.map(() => true), false]);
		messages.slice(0, -1).forEach(({ first }, index) => {
			expect([...first]).toEqual([...payloads[index]!.subarray(0, 2)]);
		});
	});

	it('tells edits from cursors and greetings, and typing from talk about windows', () => {
		const [edit, resync, greeting, cursor, text] = seen(
			Buffer.concat([
				...[
					[0, 2, 1, 9],
					[0, 1, 1, 9],
					[0, 0, 1, 0],
					[1, 2, 3],
				].map((bytes) => framed(Uint8Array.from(bytes))),
				framed(Uint8Array.from([0, 2]), 1),
			]),
			5,
		);
		expect([edit, resync, greeting, cursor, text].map((each) => isEdit(each!))).toEqual([
			...[true, false, false, false, false],
		]);
		expect([cursor, text].map((each) => isTyping(each!))).toEqual([true, false]);
		expect(isTyping({ binary: true, length: 0, first: new Uint8Array() })).toBe(false);
	});

	it('loses interest in what no browser sends', () => {
		const unmasked = Buffer.from([0x82, 2, 0, 2]);
		expect(seen(Buffer.concat([unmasked, framed(Uint8Array.from([0, 2]))]), 3)).toEqual([]);
	});
});
