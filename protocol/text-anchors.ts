// Where two long texts are the same: at the lines that each has exactly once, in the same order.

/** Line of the old text → the same line of the new one, by their numbers, both going up. */
export function anchorsOf(before: readonly string[], after: readonly string[]): [number, number][] {
	const [old, fresh] = [onlyOnce(before), onlyOnce(after)];
	const pairs: [number, number][] = [];
	for (const [line, n] of old) {
		const m = fresh.get(line);
		if (n >= 0 && m !== undefined && m >= 0) pairs.push([n, m]);
	}
	return rising(pairs.sort(([a], [b]) => a - b));
}

/** -1 for what comes more than once. */
function onlyOnce(lines: readonly string[]): Map<string, number> {
	const found = new Map<string, number>();
	for (const [n, line] of lines.entries()) found.set(line, found.has(line) ? -1 : n);
	return found;
}

/** The most of `pairs` whose second numbers go up (patience sorting). */
function rising(pairs: readonly [number, number][]): [number, number][] {
	/** By length: the pair that ends a rising row of that length lowest. */
	const ends: number[] = [];
	const previous: (number | undefined)[] = [];
	for (const [n, [, second]] of pairs.entries()) {
		let low = 0;
		let high = ends.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (pairs[ends[middle]!]![1] < second) low = middle + 1;
			else high = middle;
		}
		previous[n] = ends[low - 1];
		ends[low] = n;
	}
	const row: [number, number][] = [];
	for (let n = ends.at(-1); n !== undefined; n = previous[n]) row.push(pairs[n]!);
	return row.reverse();
}
