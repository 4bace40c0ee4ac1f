// The agent's file operations, typed; what it answers is hostile and parsed here.

import { z } from 'zod';
import { NEVER_SYNCED } from '@containrlab/protocol/path.ts';
import type { AgentClient, AgentReply } from '../agent/client.ts';
import type { Version } from './choose-base.ts';
import { linkContent, sha256 } from './content.ts';
import type { Base, DiskEntry } from './reconcile.ts';

const Sha = z.string().regex(/^[0-9a-f]{64}$/);
const Entry = z.object({
	path: z.string().max(8192),
	kind: z.enum(['file', 'dir', 'link', 'other', 'gone']),
	mode: z.number().int().default(0),
	ino: z.number().default(0),
	size: z.number().int().nonnegative().default(0),
	sha: Sha.optional(),
	target: z.string().max(8192).optional(),
});
const Entries = z.array(Entry).max(25_000);
const Record = z.object({
	id: z.string().max(1000),
	path: z.string().max(8192),
	kind: z.enum(['text', 'binary', 'dir', 'link']),
	doc: z.string(),
	disk: z.string(),
	mode: z.number().int(),
	ino: z.number(),
	v: z.number().int(),
});
const Notes = z
	.array(
		z.object({
			key: z.string(),
			// An older agent didn't say.
			path: z.string().max(8192).optional(),
			record: z.unknown(),
			newest: z.number().int(),
			retired: z.number().int(),
		}),
	)
	.max(6000);
const Watch = z.object({ generation: z.string().max(64), blind: z.boolean() });
const Found = z.object({ entry: Entry, v: z.number().int().default(0) });
const Done = z.object({ done: z.boolean(), entry: Entry });
const Written = z.object({ written: z.boolean(), entry: Entry, v: z.number().int().default(0) });
/**
 * What a written version was made of: what both sides agreed on and more of the document, or else a
 * document in the state vector `state` that had taken in version `v` by edits of client `by`.
 */
const MadeOf = z.union([
	z.literal('agreed'),
	z.object({
		v: z.number().int(),
		by: z.number().int(),
		state: z.base64().max(1024 * 1024),
	}),
]);
export type MadeOf = z.infer<typeof MadeOf>;
const Versions = z.object({
	versions: z
		.array(
			z.object({
				v: z.number().int(),
				// An older agent didn't say.
				at: z.number().default(0),
				size: z.number().int().nonnegative(),
				read: z.boolean(),
				gap: z.boolean(),
				partial: z.boolean(),
				on: MadeOf.nullable(),
			}),
		)
		.max(100),
});
export const DirtyHint = z.object({
	paths: z.array(z.string().max(8192)).max(1000),
	moves: z.array(z.tuple([z.string(), z.string()])).max(1000),
	rescan: z.boolean(),
	blind: z.boolean(),
});
export type DirtyHint = z.infer<typeof DirtyHint>;

/** The agent said no, in a word of its own. */
export class AgentRefused extends Error {
	readonly code: string;
	constructor(code: string, message: string) {
		super(message);
		this.code = code;
	}
}

/** What is at a path now; `disk` is undefined when nothing is. */
export interface Look {
	path: string;
	disk: DiskEntry | undefined;
}

/** The version's content as it was on disk, with its number. */
export interface ReadContent {
	disk: DiskEntry | undefined;
	bytes: Buffer;
	sha: string;
	v: number;
}

/** A version in a file's ring, with what is known of who has it: see choose-base.ts. */
export interface KeptVersion extends Omit<Version, 'text'> {
	bytes: Buffer;
}

/** What survived of a file, by its key: see `keyOf`. */
export interface Note {
	/** Where the agent last knew it to be. */
	path: string | undefined;
	record: Base | undefined;
	/** The number of its newest version, 0 for none. */
	newest: number;
	/** Versions below this one are of a life that ended. */
	retired: number;
}

/** Document ids are anyone's; keys become file names. */
export const keyOf = (id: string): string =>
	/^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : sha256(Buffer.from(id)).slice(0, 40);

export class AgentFiles {
	readonly client: AgentClient;

	constructor(client: AgentClient) {
		this.client = client;
	}

	async watch(): Promise<z.infer<typeof Watch>> {
		return Watch.parse((await this.#ask('watch', { never: NEVER_SYNCED })).header);
	}

	/** All there is, or what is at `paths`. */
	async scan(paths?: readonly string[]): Promise<{ complete: boolean; looks: Look[] }> {
		const { header, body } = await this.#ask('scan', { paths }, undefined, 60_000);
		const looks = Entries.parse(JSON.parse(body.toString('utf8'))).map(lookOf);
		return { complete: header['complete'] === true, looks };
	}

	/** With an id, what is read becomes the newest version in its ring. */
	async read(path: string, id?: string): Promise<ReadContent> {
		const key = id === undefined ? {} : { key: keyOf(id) };
		const { header, body } = await this.#ask('read', { path, ...key });
		const { entry, v } = Found.parse(header);
		return { disk: lookOf(entry).disk, bytes: body, sha: sha256(body), v };
	}

	/** Unless it is `agreed` the record is left to a later `note`. */
	async write(
		record: Omit<Base, 'v' | 'ino'>,
		expect: string | null,
		bytes: Uint8Array,
		on: MadeOf,
	): Promise<{ written: boolean; look: Look; v: number }> {
		const { id, path, mode, kind } = record;
		const { header } = await this.#ask(
			'write',
			{
				path,
				key: keyOf(id),
				expect,
				mode,
				binary: kind !== 'text',
				on,
				record: { ...record, ino: 0, v: 0 },
			},
			bytes,
		);
		const { written, entry, v } = Written.parse(header);
		return { written, look: lookOf(entry), v };
	}

	async remove(id: string, path: string, expect: string, keep: string): Promise<[boolean, Look]> {
		return this.#done('remove', { key: keyOf(id), path, expect, keep });
	}

	/** Never replaces what is at `to`. Unless it is `agreed` the record is left to a later `note`. */
	async move(
		path: string,
		expect: string,
		record: Base,
		keep: string,
		agreed = true,
	): Promise<[boolean, Look]> {
		const { id, path: to } = record;
		const kept = agreed ? record : null;
		return this.#done('move', { key: keyOf(id), path, to, expect, keep, record: kept });
	}

	async mkdir(record: Base): Promise<[boolean, Look]> {
		return this.#done('mkdir', { key: keyOf(record.id), path: record.path, record });
	}

	async symlink(record: Base, target: string, expect: string | null): Promise<[boolean, Look]> {
		const { id, path } = record;
		return this.#done('symlink', { key: keyOf(id), path, target, expect, record });
	}

	async chmod(record: Base, agreed = true): Promise<[boolean, Look]> {
		const { id, path, mode } = record;
		return this.#done('chmod', { key: keyOf(id), path, mode, record: agreed ? record : null });
	}

	async note(record: Base): Promise<void> {
		await this.#ask('note', { key: keyOf(record.id), path: record.path, record });
	}

	async retire(id: string): Promise<void> {
		await this.#ask('retire', { key: keyOf(id) });
	}

	/** What survived, by key. */
	async ring(): Promise<Map<string, Note>> {
		const { body } = await this.#ask('ring');
		const notes = Notes.parse(JSON.parse(body.toString('utf8')));
		return new Map(
			notes.map(({ key, path, record, newest, retired }) => {
				const parsed = Record.safeParse(record);
				const own = parsed.success && keyOf(parsed.data.id) === key ? parsed.data : undefined;
				return [key, { path, record: own, newest, retired }];
			}),
		);
	}

	async versions(id: string): Promise<KeptVersion[]> {
		const { header, body } = await this.#ask('versions', { key: keyOf(id) });
		let at = 0;
		return Versions.parse(header).versions.map(({ size, ...version }) => {
			const bytes = body.subarray(at, at + size);
			at += size;
			return { ...version, bytes };
		});
	}

	async #done(op: string, header: object): Promise<[boolean, Look]> {
		const { done, entry } = Done.parse((await this.#ask(op, header)).header);
		return [done, lookOf(entry)];
	}

	async #ask(
		op: string,
		header: object = {},
		body?: Uint8Array,
		timeoutMs?: number,
	): Promise<Extract<AgentReply, { ok: true }>> {
		const options = timeoutMs === undefined ? {} : { timeoutMs };
		const reply = await this.client.request(`files.${op}`, header, body, options);
		if (!reply.ok) throw new AgentRefused(reply.code, reply.message);
		return reply;
	}
}

function lookOf(entry: z.infer<typeof Entry>): Look {
	const { path, kind, mode, ino, size } = entry;
	if (kind === 'gone') return { path, disk: undefined };
	const content =
		kind === 'link'
			? linkContent(entry.target ?? '')
			: kind === 'file'
				? entry.sha
				: kind === 'dir'
					? 'dir'
					: undefined;
	return { path, disk: { path, kind, mode: mode & 0o777, ino, size, content } };
}
