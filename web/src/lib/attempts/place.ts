// A place in the line of attempts that wait to be judged, and how it is put into words.

import { z } from 'zod';

export const Place = z.object({
	/** Attempts that are judged before this one. */
	ahead: z.number().int().nonnegative(),
	/** Another attempt of the same student is being judged: this one comes after it. */
	own: z.boolean(),
	/** How long that is likely to take; unknown before anything was judged. */
	aboutMs: z.number().int().nonnegative().optional(),
});
export type Place = z.infer<typeof Place>;

/** "Next in line, about 10 s", "4th in line, about 1 min". */
export function placeWords({ ahead, own, aboutMs }: Place): string {
	const place = own
		? 'Its turn comes after your other attempt'
		: ahead === 0
			? 'Next in line'
			: `${ordinal(ahead + 1)} in line`;
	return aboutMs === undefined ? place : `${place}, about ${roughly(aboutMs)}`;
}

function ordinal(n: number): string {
	const teen = n % 100 > 10 && n % 100 < 14;
	const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
	return `${n}${ending}`;
}

/** An estimate, and told like one: fives of seconds, then minutes. */
function roughly(ms: number): string {
	const seconds = Math.max(5, Math.ceil(ms / 5_000) * 5);
	return seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
