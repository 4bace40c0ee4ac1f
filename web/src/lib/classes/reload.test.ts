import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { moved } from './lab-order.ts';
import { Reload } from './reload.ts';

beforeEach(() => {
	vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
	vi.useRealTimers();
});

describe('Reload', () => {
	it('loads at once, then once a second however much happens', async () => {
		const loads: number[] = [];
		const reload = new Reload(() => {
			loads.push(Date.now() - 1_000_000);
			return Promise.resolve();
		});
		for (let at = 0; at < 2_500; at += 50) {
			reload.soon();
			await vi.advanceTimersByTimeAsync(50);
		}
		expect(loads).toEqual([0, 1_000, 2_000]);
		await vi.advanceTimersByTimeAsync(10_000);
		expect(loads).toEqual([0, 1_000, 2_000, 3_000]);
	});

	it('never loads twice at a time, and once more for what happened meanwhile', async () => {
		const gates: PromiseWithResolvers<void>[] = [];
		const reload = new Reload(() => {
			const gate = Promise.withResolvers<void>();
			gates.push(gate);
			return gate.promise;
		});
		reload.ifLoading();
		await vi.advanceTimersByTimeAsync(5_000);
		expect(gates).toHaveLength(0);
		reload.soon();
		await vi.advanceTimersByTimeAsync(5_000);
		reload.ifLoading();
		reload.soon();
		await vi.advanceTimersByTimeAsync(5_000);
		expect(gates).toHaveLength(1);
		gates[0]!.reject(new Error('away'));
		await vi.advanceTimersByTimeAsync(0);
		expect(gates).toHaveLength(2);
		reload.stop();
	});
});

describe('moved', () => {
	it('goes one place, and nowhere at an end', () => {
		const labs = ['a', 'b', 'c'].map((slug) => ({ slug }));
		const order = (slug: string, way: 'up' | 'down') =>
			moved(labs, slug, way)
				.map((lab) => lab.slug)
				.join('');
		expect(order('b', 'up')).toBe('bac');
		expect(order('b', 'down')).toBe('acb');
		expect(order('a', 'up')).toBe('abc');
		expect(order('c', 'down')).toBe('abc');
		expect(order('x', 'up')).toBe('abc');
	});
});
