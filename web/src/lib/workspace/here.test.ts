import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Here } from './here.ts';

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

function page(answers: (() => Promise<void>)[] = []) {
	const told: (string | null)[] = [];
	const here = new Here((file) => {
		told.push(file);
		return answers.shift()?.() ?? Promise.resolve();
	});
	return { here, told };
}

describe('Here', () => {
	it('tells the first file at once and of those that are passed only the last', async () => {
		const { here, told } = page();
		for (const file of ['Dockerfile', 'app.py', 'README.md', 'app.py']) here.show(file);
		expect(told).toEqual(['Dockerfile']);
		await vi.advanceTimersByTimeAsync(2_000);
		expect(told).toEqual(['Dockerfile', 'app.py']);
		await vi.advanceTimersByTimeAsync(10_000);
		here.show('app.py');
		expect(told).toHaveLength(2);
		here.show(null);
		expect(told.at(-1)).toBe(null);
	});

	it('tells anew after a break, and what did not arrive', async () => {
		const { here, told } = page([() => Promise.reject(new Error('away'))]);
		here.again();
		expect(told).toEqual([]);
		here.show('Dockerfile');
		await vi.advanceTimersByTimeAsync(2_000);
		expect(told).toEqual(['Dockerfile', 'Dockerfile']);
		await vi.advanceTimersByTimeAsync(2_000);
		here.again();
		expect(told).toHaveLength(3);
		here.stop();
	});
});
