// Content-addressed bytes: what a submission holds, and what a fresh sandbox must get back.

import { createHash } from 'node:crypto';
import { and, eq, sql } from 'drizzle-orm';
import { blobs, workspaceBlobs, workspaces } from '../schema.ts';
import { first, type Executor } from './executor.ts';

export type Blob = { sha: string; bytes: Uint8Array };

export const shaOf = (bytes: Uint8Array): string =>
	createHash('sha256').update(bytes).digest('hex');

/**
 * The caller has checked that each `sha` is that of its bytes. One that is there already counts as
 * new: whoever keeps it is about to name it, and retention must not find it unused meanwhile.
 */
export async function keepBlobs(db: Executor, all: readonly Blob[]): Promise<void> {
	// In one order for everyone, since each is locked until the caller's transaction ends.
	const inOrder = all.toSorted((a, b) => (a.sha < b.sha ? -1 : 1));
	// One statement each: a submission may hold tens of megabytes, a statement shouldn't.
	for (const { sha, bytes } of inOrder) {
		await db
			.insert(blobs)
			.values({ sha, size: bytes.length, bytes })
			.onConflictDoUpdate({ target: blobs.sha, set: { createdAt: sql`now()` } });
	}
}

export async function linkBlobs(
	db: Executor,
	workspaceId: string,
	shas: readonly string[],
): Promise<void> {
	if (shas.length === 0) return;
	await db
		.insert(workspaceBlobs)
		.values(shas.map((sha) => ({ workspaceId, sha })))
		.onConflictDoNothing();
}

export async function blobBytes(db: Executor, sha: string): Promise<Uint8Array | undefined> {
	return first(await db.select({ bytes: blobs.bytes }).from(blobs).where(eq(blobs.sha, sha)))
		?.bytes;
}

export async function blobsOfWorkspace(db: Executor, workspaceId: string): Promise<string[]> {
	const rows = await db
		.select({ sha: workspaceBlobs.sha })
		.from(workspaceBlobs)
		.where(eq(workspaceBlobs.workspaceId, workspaceId));
	return rows.map((row) => row.sha);
}

/** What a workspace holds, and how large each is. */
export async function blobSizes(db: Executor, workspaceId: string): Promise<Map<string, number>> {
	const rows = await db
		.select({ sha: blobs.sha, size: blobs.size })
		.from(workspaceBlobs)
		.innerJoin(blobs, eq(blobs.sha, workspaceBlobs.sha))
		.where(eq(workspaceBlobs.workspaceId, workspaceId));
	return new Map(rows.map((row) => [row.sha, row.size]));
}

/** Undefined for bytes that this workspace never held, whoever else may hold them. */
export async function blobOfWorkspace(
	db: Executor,
	workspaceId: string,
	sha: string,
): Promise<Uint8Array | undefined> {
	const rows = await db
		.select({ bytes: blobs.bytes })
		.from(workspaceBlobs)
		.innerJoin(blobs, eq(blobs.sha, workspaceBlobs.sha))
		.where(and(eq(workspaceBlobs.workspaceId, workspaceId), eq(workspaceBlobs.sha, sha)));
	return first(rows)?.bytes;
}

/** Keeps bytes of a workspace, unless all that it has kept would exceed `limit` bytes. */
export async function keepWithin(
	db: Executor,
	workspaceId: string,
	blob: Blob,
	limit: number,
): Promise<boolean> {
	return db.transaction(async (tx) => {
		// Those of one workspace wait for one another: together they mustn't pass the limit.
		await tx.select().from(workspaces).where(eq(workspaces.id, workspaceId)).for('update');
		const kept = await tx
			.select({
				size: sql<number>`coalesce(sum(${blobs.size}), 0)`.mapWith(Number),
				isKept: sql<boolean>`coalesce(bool_or(${blobs.sha} = ${blob.sha}), false)`,
			})
			.from(workspaceBlobs)
			.innerJoin(blobs, eq(blobs.sha, workspaceBlobs.sha))
			.where(eq(workspaceBlobs.workspaceId, workspaceId));
		const { size = 0, isKept = false } = first(kept) ?? {};
		if (!isKept && size + blob.bytes.length > limit) return false;
		await keepBlobs(tx, [blob]);
		await linkBlobs(tx, workspaceId, [blob.sha]);
		return true;
	});
}
