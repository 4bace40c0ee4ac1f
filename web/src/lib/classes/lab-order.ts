// The labs of a class as one arranges them.

export type LabPick = {
	slug: string;
	title: string;
	summary: string;
	/** Null when the lab is no longer on this server. */
	minutes: number | null;
	picked: boolean;
};

export type Way = 'up' | 'down';

/** The same labs with one of them a place further up or down; at an end nothing moves. */
export function moved<T extends { slug: string }>(labs: readonly T[], slug: string, way: Way): T[] {
	const from = labs.findIndex((lab) => lab.slug === slug);
	const to = from + (way === 'up' ? -1 : 1);
	const lab = labs[from];
	const other = labs[to];
	if (!lab || !other) return [...labs];
	return labs.with(from, other).with(to, lab);
}
