// What the address of the attempts table asks for, and the addresses of its other pages and orders.

import {
	NUMBER_SORTS,
	TEXT_SORTS,
	type AttemptFilter,
	type AttemptOrder,
	type AttemptPlace,
	type AttemptSort,
} from '@containrlab/db/queries/attempt-list.ts';
import { Id } from '@containrlab/protocol/id.ts';
import { AttemptStatus } from '@containrlab/protocol/verdict.ts';
import { z } from 'zod';

/** A form sends every field, chosen or not. */
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const day = z.string().regex(/^2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/);

const Asked = z.object({
	student: optional(Id),
	lab: optional(z.string().regex(/^[0-9]{2}-[a-z0-9-]{1,80}$/)),
	status: optional(AttemptStatus),
	code: optional(z.string().regex(/^[a-z0-9-]{1,80}$/)),
	from: optional(day),
	to: optional(day),
	show: z.enum(['all', 'latest', 'best']).catch('all'),
	sort: z.enum([...TEXT_SORTS, ...NUMBER_SORTS]).catch('when'),
	dir: optional(z.enum(['asc', 'desc'])),
	after: optional(z.string().max(1000)),
	before: optional(z.string().max(1000)),
});
export type AskedTable = z.infer<typeof Asked>;

export const askedTable = (params: URLSearchParams): AskedTable =>
	Asked.parse(Object.fromEntries(params));

/** Days are those of the server's clock, and the last one belongs to it. */
export function filterOf(classId: string, asked: AskedTable): AttemptFilter {
	const midnight = (text: string, days: number) => {
		const date = new Date(`${text}T00:00:00`);
		date.setDate(date.getDate() + days);
		return date;
	};
	return {
		classId,
		studentId: asked.student,
		labSlug: asked.lab,
		status: asked.status,
		code: asked.code,
		from: asked.from === undefined ? undefined : midnight(asked.from, 0),
		until: asked.to === undefined ? undefined : midnight(asked.to, 1),
		show: asked.show,
	};
}

/** Names begin at A, everything that can be counted with the newest or the most. */
const descendsAtFirst = (sort: AttemptSort): boolean =>
	(NUMBER_SORTS as readonly string[]).includes(sort);

export function orderOf({ sort, dir, after, before }: AskedTable): AttemptOrder {
	return {
		sort,
		descending: dir === undefined ? descendsAtFirst(sort) : dir === 'desc',
		after: after === undefined ? undefined : placeOf(sort, after),
		before: before === undefined ? undefined : placeOf(sort, before),
	};
}

/** A query that names only what differs from the table as it first shows; `''` for that one. */
export function tableHref(asked: AskedTable, change: Partial<AskedTable> = {}): string {
	const { after: _, before: __, ...rest } = asked;
	const all = { ...rest, ...change };
	if (all.show === 'all') delete (all as Partial<AskedTable>).show;
	if (all.dir === undefined && all.sort === 'when') delete (all as Partial<AskedTable>).sort;
	const given = Object.entries(all).filter(([, value]) => value !== undefined);
	const query = new URLSearchParams(given as [string, string][]).toString();
	return query === '' ? '' : `?${query}`;
}

/** The same table by a column; by the one that it is sorted by already, the other way round. */
export function sortHref(asked: AskedTable, sort: AttemptSort): string {
	const current = orderOf(asked);
	const descending = current.sort === sort ? !current.descending : descendsAtFirst(sort);
	const usual = descending === descendsAtFirst(sort);
	return tableHref(asked, { sort, dir: usual ? undefined : descending ? 'desc' : 'asc' });
}

const Place = z.tuple([z.string().max(300), Id]);

export const placeText = ({ key, id }: AttemptPlace): string =>
	Buffer.from(JSON.stringify([key, id])).toString('base64url');

/** Undefined for what isn't ours: then the table begins at its beginning. */
function placeOf(sort: AttemptSort, text: string): AttemptPlace | undefined {
	let raw: unknown;
	try {
		raw = JSON.parse(Buffer.from(text, 'base64url').toString());
	} catch {
		return undefined;
	}
	const place = Place.safeParse(raw);
	if (!place.success) return undefined;
	const [key, id] = place.data;
	const sound = descendsAtFirst(sort)
		? /^-?\d{1,16}$/.test(key)
		: key.isWellFormed() && !key.includes('\0');
	return sound ? { key, id } : undefined;
}
