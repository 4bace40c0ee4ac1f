// For tests: chance that can be repeated.

export interface Random {
	/** From 0 to below `below`. */
	int(below: number): number;
	chance(probability: number): boolean;
	pick<T>(list: readonly T[]): T;
	/** One of the first few, mostly: where all are at the same things. */
	pickHot<T>(list: readonly T[]): T;
}

/** The same numbers for the same seed (mulberry32). */
export function random(seed: number): Random {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
	const int = (below: number) => Math.floor(next() * below);
	return {
		int,
		chance: (probability) => next() < probability,
		pick: (list) => list[int(list.length)]!,
		pickHot: (list) => list[next() < 0.8 ? int(Math.min(2, list.length)) : int(list.length)]!,
	};
}
