// Workspaces: one member's work on one lab, created once with its document.

import { and, desc, eq, sql } from 'drizzle-orm';
import { newId, workspaceRoom } from '@containrlab/protocol/id.ts';
import type { Lab, LabFile } from '@containrlab/protocol/lab.ts';
import type { Role } from '@containrlab/protocol/ticket.ts';
import { starterUpdate, type FileContent } from '@containrlab/protocol/workspace-doc.ts';
import {
	classes,
	docRooms,
	docUpdates,
	labVersions,
	members,
	users,
	workspaces,
} from '../schema.ts';
import { keepBlobs, linkBlobs, shaOf, type Blob } from './blobs.ts';
import type { Class, LimitColumn } from './classes.ts';
import { first, only, type Executor } from './executor.ts';

export type Workspace = typeof workspaces.$inferSelect;

/** A workspace with what every page and check about it needs. */
export type WorkspaceContext = Workspace & {
	owner: { id: string; name: string };
	class: Pick<Class, 'id' | 'name' | 'idleMinutes' | LimitColumn>;
};

const context = {
	workspace: workspaces,
	owner: { id: users.id, name: users.name },
	class: {
		...{ id: classes.id, name: classes.name, idleMinutes: classes.idleMinutes },
		...{ sandboxMemory: classes.sandboxMemory, sandboxCpus: classes.sandboxCpus },
		...{ sandboxPids: classes.sandboxPids, sandboxDisk: classes.sandboxDisk },
	},
};

export async function workspaceById(
	db: Executor,
	id: string,
): Promise<WorkspaceContext | undefined> {
	const rows = await db
		.select(context)
		.from(workspaces)
		.innerJoin(users, eq(users.id, workspaces.ownerId))
		.innerJoin(classes, eq(classes.id, workspaces.classId))
		.where(eq(workspaces.id, id));
	return first(rows.map(({ workspace, ...rest }) => ({ ...workspace, ...rest })));
}

/** The same, and what someone is in its class, if anything: at once, every page of it asks. */
export async function workspaceAndRole(
	db: Executor,
	id: string,
	userId: string,
): Promise<{ workspace: WorkspaceContext; role: Role | undefined } | undefined> {
	const mine = and(eq(members.classId, workspaces.classId), eq(members.userId, userId));
	const rows = await db
		.select({ ...context, role: members.role })
		.from(workspaces)
		.innerJoin(users, eq(users.id, workspaces.ownerId))
		.innerJoin(classes, eq(classes.id, workspaces.classId))
		.leftJoin(members, mine)
		.where(eq(workspaces.id, id));
	const row = first(rows);
	if (!row) return undefined;
	const { workspace, role, ...rest } = row;
	return { workspace: { ...workspace, ...rest }, role: role ?? undefined };
}

/** Records a lab's content, so that work and attempts can pin it by digest. */
export async function keepLabVersion(db: Executor, lab: Lab): Promise<void> {
	await db
		.insert(labVersions)
		.values({ digest: lab.digest, slug: lab.slug, content: lab })
		.onConflictDoNothing();
}

export async function labVersion(db: Executor, digest: string): Promise<Lab | undefined> {
	const rows = await db
		.select({ content: labVersions.content })
		.from(labVersions)
		.where(eq(labVersions.digest, digest));
	return first(rows)?.content;
}

/** One member's workspace for one lab, if it was ever opened. */
export async function workspaceOf(
	db: Executor,
	classId: string,
	labSlug: string,
	ownerId: string,
): Promise<string | undefined> {
	const mine = and(
		eq(workspaces.classId, classId),
		eq(workspaces.labSlug, labSlug),
		eq(workspaces.ownerId, ownerId),
	);
	return first(await db.select({ id: workspaces.id }).from(workspaces).where(mine))?.id;
}

/**
 * Finds or creates the workspace of one member for one lab. All of it in one transaction: the row,
 * the room, and the starter as update 1; concurrent callers wait for the first and find its work.
 */
export async function openWorkspace(
	db: Executor,
	input: { classId: string; ownerId: string; lab: Lab },
): Promise<{ id: string; created: boolean }> {
	const { classId, ownerId, lab } = input;
	const existing = await workspaceOf(db, classId, lab.slug, ownerId);
	if (existing !== undefined) return { id: existing, created: false };
	return db.transaction(async (tx) => {
		await keepLabVersion(tx, lab);
		const rows = await tx
			.insert(workspaces)
			.values({ id: newId(), classId, ownerId, labSlug: lab.slug, labDigest: lab.digest })
			.onConflictDoNothing()
			.returning({ id: workspaces.id });
		const id = first(rows)?.id;
		if (id === undefined) {
			return { id: only([await workspaceOf(tx, classId, lab.slug, ownerId)])!, created: false };
		}
		await seed(tx, id, ownerId, lab.starter);
		return { id, created: true };
	});
}

async function seed(
	tx: Executor,
	id: string,
	ownerId: string,
	starter: readonly LabFile[],
): Promise<void> {
	const room = workspaceRoom(id);
	const { files, blobs } = starterOf(starter);
	await tx.insert(docRooms).values({ room, lastSeq: 1 });
	await tx
		.insert(docUpdates)
		.values({ room, seq: 1, epoch: 0, userId: ownerId, bytes: starterUpdate(files) });
	await holdBlobs(tx, id, blobs);
}

/** A lab's starter as a document takes it, its bytes at hand to the workspace as they were at first. */
export async function starterFor(
	db: Executor,
	workspaceId: string,
	starter: readonly LabFile[],
): Promise<FileContent[]> {
	const { files, blobs } = starterOf(starter);
	await db.transaction((tx) => holdBlobs(tx, workspaceId, blobs));
	return files;
}

function starterOf(starter: readonly LabFile[]): { files: FileContent[]; blobs: Blob[] } {
	const blobs = new Map<string, Blob>();
	const files = starter.map((file): FileContent => {
		if (file.kind === 'text') return file;
		const bytes = new Uint8Array(Buffer.from(file.base64, 'base64'));
		const sha = shaOf(bytes);
		blobs.set(sha, { sha, bytes });
		return { kind: 'binary', path: file.path, mode: file.mode, size: bytes.length, sha };
	});
	return { files, blobs: [...blobs.values()] };
}

async function holdBlobs(tx: Executor, id: string, blobs: readonly Blob[]): Promise<void> {
	await keepBlobs(tx, [...blobs]);
	await linkBlobs(
		tx,
		id,
		blobs.map(({ sha }) => sha),
	);
}

/** Someone works in it. Exact to a minute, so that typing isn't a stream of updates. */
export async function touchWorkspace(db: Executor, id: string): Promise<void> {
	await db
		.update(workspaces)
		.set({ lastActiveAt: sql`now()` })
		.where(
			and(eq(workspaces.id, id), sql`${workspaces.lastActiveAt} < now() - interval '1 minute'`),
		);
}

/** A workspace as lists show it; `activeAt`: when its owner last worked in it. */
export type ListedWorkspace = { id: string; labSlug: string; ownerId: string; activeAt: Date };

/** All of a class, or one member's; those that were worked on last come first. */
export async function workspacesIn(
	db: Executor,
	classId: string,
	ownerId?: string,
): Promise<ListedWorkspace[]> {
	return db
		.select({
			...{ id: workspaces.id, labSlug: workspaces.labSlug, ownerId: workspaces.ownerId },
			activeAt: workspaces.lastActiveAt,
		})
		.from(workspaces)
		.where(
			and(
				eq(workspaces.classId, classId),
				ownerId === undefined ? undefined : eq(workspaces.ownerId, ownerId),
			),
		)
		.orderBy(desc(workspaces.lastActiveAt), desc(workspaces.id));
}
