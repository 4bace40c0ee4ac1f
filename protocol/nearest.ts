// "Did you mean …?": the nearest of the words that there are.

/** The entry of `candidates` that is within two slips of `word`, for "did you mean". */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
	let best: { word: string; distance: number } | undefined;
	for (const candidate of candidates) {
		if (Math.abs(candidate.length - word.length) > 2) continue;
		const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
		if (distance <= 2 && distance < (best?.distance ?? 3)) best = { word: candidate, distance };
	}
	return best?.word;
}

function editDistance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i += 1) {
		const next = [i];
		for (let j = 1; j <= b.length; j += 1) {
			const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
			next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
		}
		row = next;
	}
	return row[b.length] ?? 0;
}
