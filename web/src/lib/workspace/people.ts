// Who is here, read out of awareness; and each person's colour, the same wherever they show.

import { z } from 'zod';

/** Okabe and Ito's colours, which stay apart for colour-blind eyes, with ink that is legible on each. */
const COLOURS = [
	{ colour: '#0072b2', ink: '#ffffff' },
	{ colour: '#e69f00', ink: '#000000' },
	{ colour: '#009e73', ink: '#000000' },
	{ colour: '#cc79a7', ink: '#000000' },
	{ colour: '#56b4e9', ink: '#000000' },
	{ colour: '#d55e00', ink: '#000000' },
	{ colour: '#f0e442', ink: '#000000' },
] as const;

export function colourOf(userId: string): { colour: string; ink: string } {
	let hash = 2166136261;
	for (let index = 0; index < userId.length; index += 1) {
		hash = Math.imul(hash ^ userId.charCodeAt(index), 16777619);
	}
	return COLOURS[(hash >>> 0) % COLOURS.length]!;
}

/** Up to two letters for a small round mark. */
export function initials(name: string): string {
	const words = name.trim().split(/\s+/u);
	const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
	return letters
		.map((word) => [...(word ?? '')][0] ?? '')
		.join('')
		.toUpperCase();
}

/** What each browser says about itself. Others' entries are as hostile as any other input. */
export const AwarenessEntry = z.object({
	user: z.object({
		id: z.string().min(1).max(80),
		name: z.string().min(1).max(80),
		role: z.enum(['owner', 'staff', 'member']).catch('member'),
	}),
	/** The file that is open in front of them. */
	file: z.string().max(40).nullable().catch(null),
	cursor: z.object({ anchor: z.unknown(), head: z.unknown() }).nullable().catch(null),
});
export type AwarenessEntry = z.infer<typeof AwarenessEntry>;

export type Present = {
	id: string;
	name: string;
	role: AwarenessEntry['user']['role'];
	/** Files that this person has in front of them, one per browser. */
	files: string[];
	me: boolean;
};

/** One entry per person, however many browsers they have open; the owner first, then by name. */
export function present(states: Map<number, unknown>, meId: string): Present[] {
	const people = new Map<string, Present>();
	for (const state of states.values()) {
		const parsed = AwarenessEntry.safeParse(state);
		if (!parsed.success) continue;
		const { user, file } = parsed.data;
		const person = people.get(user.id) ?? { ...user, files: [], me: user.id === meId };
		if (file !== null && !person.files.includes(file)) person.files.push(file);
		people.set(user.id, person);
	}
	const rank = (person: Present) => (person.me ? 0 : person.role === 'owner' ? 1 : 2);
	return [...people.values()].sort(
		(a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1),
	);
}
