// Raised hands: at most one of a workspace is up, and everyone concerned hears of it.

import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Hand, Person } from '@containrlab/protocol/events.ts';
import { newId } from '@containrlab/protocol/id.ts';
import { hands, workspaces } from '../schema.ts';
import { emitWorkspaceEvent } from './events.ts';
import { first, only, type Executor } from './executor.ts';

const isUp = isNull(hands.loweredAt);

const asHand = (row: typeof hands.$inferSelect): Hand => ({
	id: row.id,
	question: row.question,
	raisedAt: row.raisedAt.getTime(),
});

/** Raising a hand that is up already changes its question, and keeps its place among the others. */
export async function raiseHand(
	db: Executor,
	workspaceId: string,
	question: string,
): Promise<Hand> {
	return db.transaction(async (tx) => {
		const rows = await tx
			.insert(hands)
			.values({ id: newId(), workspaceId, question })
			.onConflictDoUpdate({
				target: hands.workspaceId,
				targetWhere: sql`lowered_at is null`,
				set: { question },
			})
			.returning();
		const hand = asHand(only(rows));
		const event = { type: 'hand', workspace: workspaceId, hand, answeredBy: null } as const;
		await emitWorkspaceEvent(tx, workspaceId, event);
		return hand;
	});
}

/** False when none was up. Lowered by someone else than its owner, it was answered. */
export async function lowerHand(
	db: Executor,
	workspace: { id: string; ownerId: string },
	by: Person,
): Promise<boolean> {
	return db.transaction(async (tx) => {
		const rows = await tx
			.update(hands)
			.set({ loweredAt: sql`now()`, loweredBy: by.id })
			.where(and(eq(hands.workspaceId, workspace.id), isUp))
			.returning({ id: hands.id });
		if (rows.length === 0) return false;
		await emitWorkspaceEvent(tx, workspace.id, {
			type: 'hand',
			workspace: workspace.id,
			hand: null,
			answeredBy: by.id === workspace.ownerId ? null : { id: by.id, name: by.name },
		});
		return true;
	});
}

/** Of someone who left a class: quietly, since they are told nothing of it any more. */
export async function lowerHandsOf(
	tx: Executor,
	member: { classId: string; userId: string },
	by: string,
): Promise<void> {
	const theirs = tx
		.select({ id: workspaces.id })
		.from(workspaces)
		.where(and(eq(workspaces.classId, member.classId), eq(workspaces.ownerId, member.userId)));
	await tx
		.update(hands)
		.set({ loweredAt: sql`now()`, loweredBy: by })
		.where(and(inArray(hands.workspaceId, theirs), isUp));
}

export async function handOf(db: Executor, workspaceId: string): Promise<Hand | undefined> {
	const rows = await db
		.select()
		.from(hands)
		.where(and(eq(hands.workspaceId, workspaceId), isUp));
	const row = first(rows);
	return row && asHand(row);
}

/** All that are up in a class, by workspace. */
export async function handsIn(db: Executor, classId: string): Promise<Map<string, Hand>> {
	const rows = await db
		.select({ hand: hands })
		.from(hands)
		.innerJoin(workspaces, eq(workspaces.id, hands.workspaceId))
		.where(and(eq(workspaces.classId, classId), isUp))
		.orderBy(asc(hands.raisedAt));
	return new Map(rows.map(({ hand }) => [hand.workspaceId, asHand(hand)]));
}
