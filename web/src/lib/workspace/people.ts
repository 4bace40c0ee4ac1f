// Who is here, read out of awareness.

import { z } from 'zod';
import { colourOf, type PersonColour } from '@containrlab/protocol/colour.ts';
import { TicketUser } from '@containrlab/protocol/ticket.ts';

/** Up to two letters for a small round mark. */
export function initials(name: string): string {
	const words = name.trim().split(/\s+/u);
	const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
	return letters
		.map((word) => [...(word ?? '')][0] ?? '')
		.join('')
		.toUpperCase();
}

/**
 * What each browser says about itself. sync stamps `user` with who the connection is; the rest is as
 * hostile as any other input.
 */
export const AwarenessEntry = z.object({
	user: TicketUser,
	/** The file that is open in front of them. */
	file: z.string().max(40).nullable().catch(null),
	cursor: z.object({ anchor: z.unknown(), head: z.unknown() }).nullable().catch(null),
});
export type AwarenessEntry = z.infer<typeof AwarenessEntry>;

export type Present = {
	id: string;
	name: string;
	role: 'owner' | 'staff' | 'member';
	/** Files that this person has in front of them, one per browser. */
	files: string[];
	me: boolean;
	colour: PersonColour;
};

/** One entry per person, however many browsers they have open; the owner first, then by name. */
export function present(states: Map<number, unknown>, meId: string, ownerId: string): Present[] {
	const people = new Map<string, Present>();
	for (const state of states.values()) {
		const parsed = AwarenessEntry.safeParse(state);
		if (!parsed.success || parsed.data.user.role === 'service') continue;
		const { user, file } = parsed.data;
		const { id, name } = user;
		const role = id === ownerId ? 'owner' : user.role === 'student' ? 'member' : ('staff' as const);
		const known = people.get(id);
		const person = known ?? {
			...{ id, name, role, files: [], me: id === meId },
			colour: colourOf(user),
		};
		if (file !== null && !person.files.includes(file)) person.files.push(file);
		people.set(id, person);
	}
	const rank = (person: Present) => (person.me ? 0 : person.role === 'owner' ? 1 : 2);
	return [...people.values()].sort(
		(a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1),
	);
}
