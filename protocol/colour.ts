// A person's colour: the same for a person everywhere, in cursors, lists and charts.

/**
 * Okabe and Ito's palette, which colour-blind people can tell apart; without black, and without
 * yellow, which disappears on white. Each with the ink that is legible on it (at least 4.5:1).
 */
const COLOURS = [
	{ colour: '#E69F00', ink: '#000000' },
	{ colour: '#56B4E9', ink: '#000000' },
	{ colour: '#009E73', ink: '#000000' },
	{ colour: '#0072B2', ink: '#ffffff' },
	{ colour: '#D55E00', ink: '#000000' },
	{ colour: '#CC79A7', ink: '#000000' },
] as const;
export type PersonColour = (typeof COLOURS)[number];

export function colourOf(userId: string): PersonColour {
	let hash = 0;
	for (const char of userId) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
	return COLOURS[hash % COLOURS.length] ?? COLOURS[0];
}
