// How long to wait before trying again: doubling from half a second to ten, spread so that forty
// browsers don't knock together.

export function backoffMs(attempt: number, random = Math.random()): number {
	const ceiling = Math.min(10_000, 500 * 2 ** Math.min(attempt, 10));
	return ceiling * (0.5 + random / 2);
}
