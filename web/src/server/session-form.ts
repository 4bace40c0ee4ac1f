// When a class is in session, as an instructor fills it in.

import { z } from 'zod';

export const LENGTH_CHOICES = [45, 60, 90, 120, 180, 240] as const;
export const LONGER_MINUTES = 15;
const AHEAD_DAYS = 365;
const soon = `Choose a time within the next ${AHEAD_DAYS} days.`;

const Length = z.coerce.number().int().min(5).max(720);
const Start = z.object({ minutes: Length });
const Plan = z.object({
	minutes: Length,
	/** By the browser, which knows its zone; without scripts the server's zone counts. */
	startsAt: z.string().max(40).optional(),
	at: z.string('Choose a time.').min(1, 'Choose a time.').max(40),
});

export type Planned =
	{ ok: true; startsAt: Date; endsAt: Date } | { ok: false; error: string; at: string };

const spanFrom = (from: number, minutes: number) => ({
	startsAt: new Date(from),
	endsAt: new Date(from + minutes * 60_000),
});

export function readStart(data: FormData, now: number): Planned {
	const form = Start.safeParse(Object.fromEntries(data));
	if (!form.success) return { ok: false, error: 'Choose how long it takes.', at: '' };
	return { ok: true, ...spanFrom(now, form.data.minutes) };
}

export function readPlan(data: FormData, now: number): Planned {
	const form = Plan.safeParse(Object.fromEntries(data));
	const at = String(data.get('at') ?? '');
	if (!form.success) return { ok: false, error: form.error.issues[0]!.message, at };
	const from = Date.parse(form.data.startsAt || form.data.at);
	if (!(from > now && from < now + AHEAD_DAYS * 86_400_000)) return { ok: false, error: soon, at };
	return { ok: true, ...spanFrom(from, form.data.minutes) };
}
