import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pulse } from './pulse.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function connection() {
	const told: string[] = [];
	const pulse = new Pulse(
		() => told.push('asked'),
		() => told.push('gone'),
	);
	return { pulse, told };
}

it('asks one that is silent, and is content with an answer', () => {
	const { pulse, told } = connection();
	for (let round = 1; round <= 3; round += 1) {
		pulse.heard();
		vi.advanceTimersByTime(9_000);
		pulse.heard();
		vi.advanceTimersByTime(9_000);
		expect(told).toHaveLength(round - 1);
		vi.advanceTimersByTime(2_000);
		expect(told).toEqual(Array(round).fill('asked'));
	}
});

it('says once that nobody answers', () => {
	const { pulse, told } = connection();
	pulse.heard();
	vi.advanceTimersByTime(60_000);
	expect(told).toEqual(['asked', 'gone']);
});

it('finds it out within seconds when asked to look, and asks nobody who has just been heard', () => {
	const { pulse, told } = connection();
	pulse.heard();
	pulse.check();
	expect(told).toEqual([]);
	vi.advanceTimersByTime(2_000);
	pulse.check();
	pulse.check();
	vi.advanceTimersByTime(4_000);
	expect(told).toEqual(['asked']);
	vi.advanceTimersByTime(1_000);
	expect(told).toEqual(['asked', 'gone']);
});

it('waits for who lets nobody in', () => {
	const { told } = connection();
	vi.advanceTimersByTime(14_000);
	expect(told).toEqual([]);
	vi.advanceTimersByTime(1_000);
	expect(told).toEqual(['gone']);
});

it('asks again after a sleep of its own, once', () => {
	const { pulse, told } = connection();
	pulse.heard();
	vi.advanceTimersByTime(12_000);
	expect(told).toEqual(['asked']);
	// The clock goes on while no timer does.
	const now = performance.now();
	const asleep = vi.spyOn(performance, 'now').mockImplementation(() => now + 3_600_000);
	vi.advanceTimersByTime(3_000);
	expect(told).toEqual(['asked', 'asked']);
	vi.advanceTimersByTime(5_000);
	asleep.mockRestore();
	expect(told).toEqual(['asked', 'asked', 'gone']);
});

it('is quiet once stopped', () => {
	const { pulse, told } = connection();
	pulse.heard();
	pulse.stop();
	vi.advanceTimersByTime(60_000);
	expect(told).toEqual([]);
});
