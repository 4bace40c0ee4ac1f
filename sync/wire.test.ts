// The wire: what stock clients write is read, and nothing that comes makes it throw.

import { expect, test } from 'vitest';
import * as wire from './wire.ts';

const bytes = (...all: number[]) => Uint8Array.from(all);

test('reads what y-websocket writes', () => {
	expect(wire.decodeMessage(bytes(0, 0, 1, 0))).toEqual({ type: 'step1', vector: bytes(0) });
	expect(wire.decodeMessage(bytes(0, 1, 2, 0, 0))).toMatchObject({ type: 'update', resync: true });
	expect(wire.decodeMessage(bytes(0, 2, 2, 0, 0))).toMatchObject({ type: 'update', resync: false });
	expect(wire.decodeMessage(bytes(3))).toEqual({ type: 'query-awareness' });
	const entries = [{ client: 7, clock: 3, state: '{"a":"é"}' }];
	expect(wire.decodeMessage(wire.encodeAwareness(entries))).toEqual({ type: 'awareness', entries });
});

test.each([
	['nothing', bytes()],
	['an unknown type', bytes(9)],
	['an unknown step', bytes(0, 3, 0)],
	['a length beyond the end', bytes(0, 2, 5, 1)],
	['a length without end', bytes(0, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255)],
	['bytes behind the message', bytes(0, 0, 1, 0, 7)],
	['more entries than there are', bytes(1, 2, 5, 1)],
	['100,000 entries', bytes(1, 3, 160, 141, 6)],
])('refuses %s', (_, frame) => {
	expect(wire.decodeMessage(frame)).toEqual({ type: 'malformed' });
});

test('never throws, whatever comes', () => {
	let seed = 1;
	const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
	for (let n = 0; n < 20_000; n += 1) {
		const frame = Uint8Array.from({ length: random(64) }, () => random(256));
		if (frame.length > 1) frame[0] = random(5);
		expect(wire.decodeMessage(frame).type).toMatch(/^[a-z0-9-]+$/);
	}
});

test('frames lengths in 1, 2 and 8 bytes', () => {
	expect([...wire.toFrame(new Uint8Array(125)).subarray(0, 2)]).toEqual([0x82, 125]);
	expect([...wire.toFrame(new Uint8Array(126)).subarray(0, 4)]).toEqual([0x82, 126, 0, 126]);
	const long = wire.toFrame(new Uint8Array(65_536));
	expect([...long.subarray(0, 10)]).toEqual([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
	expect(long.length).toBe(65_546);
});
