import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LIMITS } from './limits.ts';
import { Pacing } from './pacing.ts';
import { Turns } from './turns.ts';

const MEMBERS = 200;
const WAIT_MS = MEMBERS * LIMITS.pace.msPerMember;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
	vi.useRealTimers();
});

/** A room whose turns are counted, after its first one. */
function room(members: number) {
	const turns = new Turns();
	const counted = { turns: 0 };
	const pacing = new Pacing(turns, () => {
		counted.turns += 1;
		pacing.turned();
		pacing.told(members);
	});
	pacing.soon(30);
	turns.run();
	counted.turns = 0;
	return { turns, pacing, counted };
}

test('an edit in a small room waits for nobody', () => {
	const { turns, pacing, counted } = room(20);
	pacing.soon(30);
	turns.run();
	expect(counted.turns).toBe(1);
});

test('edits in a full room go out together', () => {
	const { turns, pacing, counted } = room(MEMBERS);
	for (let ms = 0; ms < WAIT_MS - 1; ms += 1) {
		pacing.soon(30);
		turns.run();
		vi.advanceTimersByTime(1);
	}
	expect(counted.turns).toBe(0);
	vi.advanceTimersByTime(2);
	turns.run();
	expect(counted.turns).toBe(1);
});

test('no room is so full that an edit waits for long', () => {
	const { turns, pacing, counted } = room(1000);
	pacing.soon(30);
	vi.advanceTimersByTime(LIMITS.pace.mostMs);
	turns.run();
	expect(counted.turns).toBe(1);
});

test('after a pause the first edit goes out at once', () => {
	const { turns, pacing, counted } = room(MEMBERS);
	vi.advanceTimersByTime(WAIT_MS * LIMITS.pace.pause + 1);
	pacing.soon(30);
	turns.run();
	expect(counted.turns).toBe(1);
});

test('what nobody typed, and who comes in, waits for nobody', () => {
	const { turns, pacing, counted } = room(MEMBERS);
	pacing.soon(30);
	pacing.soon(LIMITS.pace.bytes);
	turns.run();
	expect(counted.turns).toBe(1);
	pacing.soon(30);
	pacing.now();
	turns.run();
	expect(counted.turns).toBe(2);
	// Nor is there another turn for what went out with them.
	vi.advanceTimersByTime(WAIT_MS * 2);
	turns.run();
	expect(counted.turns).toBe(2);
});
