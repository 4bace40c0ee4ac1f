// A person's colour: the same for a person everywhere, in cursors, lists and charts.

import type { TicketUser } from './ticket.ts';

/**
 * Okabe and Ito's palette, which colour-blind people can tell apart; without black, and without
 * yellow, which disappears on white. Each with the ink that is legible on it (at least 4.5:1).
 */
const STUDENTS = [
	{ colour: '#E69F00', ink: '#000000' },
	{ colour: '#56B4E9', ink: '#000000' },
	{ colour: '#009E73', ink: '#000000' },
	{ colour: '#D55E00', ink: '#000000' },
] as const;
const STAFF = [
	{ colour: '#0072B2', ink: '#ffffff' },
	{ colour: '#CC79A7', ink: '#000000' },
] as const;
export type PersonColour = { colour: string; ink: string };

/** Staff have colours of their own: who helps is never taken for the one who is helped. */
export function colourOf({ id, role }: Pick<TicketUser, 'id' | 'role'>): PersonColour {
	const colours = role === 'student' ? STUDENTS : STAFF;
	let hash = 0;
	for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
	return colours[hash % colours.length] ?? colours[0];
}
