// What an instructor fills in about a class: read out of a form once, with the words for what's wrong.

import { z } from 'zod';
import type { ClassSettings } from '@containrlab/db/queries/classes.ts';
import { moved, type LabPick } from '#lib/classes/lab-order.ts';
import type { Labs } from './labs.ts';
import { tidy } from './names.ts';

export const IDLE_CHOICES = [15, 30, 60, 120, 240] as const;
/** The least and the most of what a sandbox may use; memory and disk in MB. */
const LIMITS = {
	sandboxMemory: [256, 65_536],
	sandboxCpus: [0.1, 64],
	sandboxPids: [384, 32_768],
	sandboxDisk: [256, 1_048_576],
} as const;
const RETENTION_DAYS = { least: 7, most: 3_650 } as const;
const retention = `Give a number of days from ${RETENTION_DAYS.least} to ${RETENTION_DAYS.most}.`;

const limit = (name: keyof typeof LIMITS) => {
	const [least, most] = LIMITS[name];
	const words = 'Choose one of these.';
	return z.coerce.number(words).min(least, words).max(most, words);
};

const ClassForm = z.object({
	name: z
		.string('Give the class a name.')
		.transform(tidy)
		.pipe(z.string().min(1, 'Give the class a name.').max(120, 'Use at most 120 characters.')),
	asksStudentNumber: z
		.literal('on')
		.optional()
		.transform((on) => on === 'on'),
	retentionDays: z.coerce
		.number(retention)
		.int(retention)
		.min(RETENTION_DAYS.least, retention)
		.max(RETENTION_DAYS.most, retention),
	idleMinutes: z.union(
		[z.literal('never').transform(() => null), z.coerce.number().int().min(1).max(1_440)],
		'Choose when an idle sandbox ends.',
	),
	sandboxMemory: limit('sandboxMemory').int(),
	sandboxCpus: limit('sandboxCpus'),
	sandboxPids: limit('sandboxPids').int(),
	sandboxDisk: limit('sandboxDisk').int(),
});

export type ClassFormResult =
	| { ok: true; settings: ClassSettings }
	/** `kept` goes back into the fields as it was typed. */
	| { ok: false; kept: Record<string, string>; errors: Record<string, string[] | undefined> };

export function readClassForm(data: FormData): ClassFormResult {
	const fields = Object.fromEntries(data);
	const form = ClassForm.safeParse(fields);
	if (form.success) return { ok: true, settings: form.data };
	return { ok: false, kept: keptOf(data), errors: z.flattenError(form.error).fieldErrors };
}

/** As it was typed, to be shown again. */
export function keptOf(data: FormData): Record<string, string> {
	const text = [...data].filter((field): field is [string, string] => typeof field[1] === 'string');
	return Object.fromEntries(text);
}

/** What may be picked: the catalog, after what the class has already, in its order. */
export function labChoices(catalog: Labs, picked: readonly string[]): LabPick[] {
	const others = catalog.all().map((lab) => lab.slug);
	return [...new Set([...picked, ...others])].map((slug) => ({
		slug,
		title: catalog.title(slug),
		summary: catalog.get(slug)?.front.summary ?? 'This lab is no longer on this server.',
		minutes: catalog.get(slug)?.front.minutes ?? null,
		picked: picked.includes(slug),
	}));
}

/**
 * The labs as the form holds them: `order` names all in the order shown, `lab` those that are ticked.
 * `move` (`up:<slug>`, `down:<slug>`) is a button for browsers without scripts.
 */
export function readLabs(data: FormData, choices: readonly LabPick[]): LabPick[] {
	const ticked = new Set(data.getAll('lab'));
	const place = new Map(data.getAll('order').map((slug, index) => [slug, index]));
	const last = place.size;
	const ordered = choices
		.map((lab) => ({ ...lab, picked: ticked.has(lab.slug) }))
		.sort((a, b) => (place.get(a.slug) ?? last) - (place.get(b.slug) ?? last));
	const [way, slug] = String(data.get('move') ?? '').split(':');
	return way === 'up' || way === 'down' ? moved(ordered, slug ?? '', way) : ordered;
}

export const slugsOf = (labs: readonly LabPick[]): string[] =>
	labs.filter((lab) => lab.picked).map((lab) => lab.slug);
