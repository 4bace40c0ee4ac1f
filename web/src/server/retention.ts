// Keeping the join page's word: what a class's retention is over for is deleted, everywhere. Small
// steps that can each be done again, so that it may stop at any of them.

import type { Connection } from '@containrlab/db/connect.ts';
import {
	deleteAuditOver,
	deleteBlobsUnused,
	deleteGuestsOver,
	deleteWorkspaceOver,
	endMembershipsOver,
	historiesOver,
	workspacesOver,
	workspacesThere,
} from '@containrlab/db/queries/retention.ts';
import type { Log } from './log.ts';
import type { RunnerdClient } from './runnerd-client.ts';
import { Refused, Unreachable } from './service-call.ts';
import type { SyncClient } from './sync-client.ts';

/** Of one round; the next goes on. */
const WORKSPACES = 200;
const HISTORIES = 200;

export interface RetentionDeps {
	connection: Connection;
	runnerd: Pick<RunnerdClient, 'sessions' | 'forget'>;
	sync: Pick<SyncClient, 'fold'>;
	log: Log;
}

/** Each step may be done twice, or by two processes at once. */
export async function applyRetention(deps: RetentionDeps, now = new Date()): Promise<void> {
	const { db } = deps.connection;
	const work = await deleteWork(deps, now);
	const histories = await foldHistories(deps, now);
	await endMembershipsOver(db, now);
	const guests = await deleteGuestsOver(db, now);
	await deleteBlobsUnused(db, now);
	await deleteAuditOver(db, now);
	if (work + histories + guests > 0) {
		deps.log('info', 'retention is over', { workspaces: work, histories, guests });
	}
}

/** Of documents that live on: who wrote what when, and what was deleted. One damaged log stops none. */
async function foldHistories(deps: RetentionDeps, now: Date): Promise<number> {
	const { connection, sync, log } = deps;
	let folded = 0;
	for (const { room, before } of await historiesOver(connection.db, now, HISTORIES)) {
		try {
			if (await sync.fold(room, before)) folded += 1;
			else log('error', 'history not folded', { room });
		} catch (cause) {
			if (!(cause instanceof Unreachable || cause instanceof Refused)) throw cause;
			log('warn', 'history not folded', { room, cause });
			if (cause instanceof Unreachable) break;
		}
	}
	return folded;
}

/** Without runnerd nobody knows what is in use: then the next round does it. */
async function deleteWork({ connection, runnerd, log }: RetentionDeps, now: Date): Promise<number> {
	const { db } = connection;
	try {
		const sandboxes = await runnerd.sessions();
		// A sandbox that never ends by itself may still be someone's.
		const live = new Set(
			sandboxes
				.filter(({ state }) => state.status !== 'gone' && state.status !== 'failed')
				.map(({ workspace }) => workspace),
		);
		let deleted = 0;
		for (const id of await workspacesOver(db, now, WORKSPACES)) {
			if (!live.has(id) && (await deleteWorkspaceOver(db, id, now))) deleted += 1;
		}
		// What runnerd kept of deleted ones for their return; also of an earlier, interrupted round.
		const kept = sandboxes.map(({ workspace }) => workspace).filter((id) => !live.has(id));
		const there = await workspacesThere(db, kept);
		for (const id of kept) if (!there.has(id)) await runnerd.forget(id);
		return deleted;
	} catch (cause) {
		if (!(cause instanceof Unreachable || cause instanceof Refused)) throw cause;
		log('warn', 'retention waits for runnerd', { cause });
		return 0;
	}
}
