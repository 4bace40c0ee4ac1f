// Content-addressed bytes: what a submission holds, and what a fresh sandbox must get back.

import { createHash } from 'node:crypto';
import { eq, inArray } from 'drizzle-orm';
import { blobs, workspaceBlobs } from '../schema.ts';
import { first, type Executor } from './executor.ts';

export type Blob = { sha: string; bytes: Uint8Array };

export const shaOf = (bytes: Uint8Array): string =>
	createHash('sha256').update(bytes).digest('hex');

/** The caller has checked that each `sha` is that of its bytes. */
export async function keepBlobs(db: Executor, all: readonly Blob[]): Promise<void> {
	// One statement each: a submission may hold tens of megabytes, a statement shouldn't.
	for (const { sha, bytes } of all) {
		await db.insert(blobs).values({ sha, size: bytes.length, bytes }).onConflictDoNothing();
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

/** Which of these are kept already. */
export async function knownBlobs(db: Executor, shas: readonly string[]): Promise<Set<string>> {
	if (shas.length === 0) return new Set();
	const rows = await db
		.select({ sha: blobs.sha })
		.from(blobs)
		.where(inArray(blobs.sha, [...shas]));
	return new Set(rows.map((row) => row.sha));
}

export async function blobsOfWorkspace(db: Executor, workspaceId: string): Promise<string[]> {
	const rows = await db
		.select({ sha: workspaceBlobs.sha })
		.from(workspaceBlobs)
		.where(eq(workspaceBlobs.workspaceId, workspaceId));
	return rows.map((row) => row.sha);
}
