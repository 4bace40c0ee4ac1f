// Joining a class: by its code, as someone new or as who one is already, under a name that nobody
// else in it has.

import type { Database } from '@containrlab/db/connect.ts';
import { roleIn } from '@containrlab/db/queries/classes.ts';
import { emitEvent } from '@containrlab/db/queries/events.ts';
import type { Executor } from '@containrlab/db/queries/executor.ts';
import {
	admit,
	classIdsOf,
	classOfCode,
	lockDoors,
	namesIn,
	wasRemoved,
	type ClassAtTheDoor,
} from '@containrlab/db/queries/joining.ts';
import { insertGuest, renameUser } from '@containrlab/db/queries/users.ts';
import { nameKey } from './names.ts';
import type { ReturnCodes } from './return-codes.ts';

export interface JoinRequest {
	code: string;
	/** Someone new, under a name; or who is signed in, perhaps under another name from now on. */
	who: { name: string } | { userId: string; name: string };
	studentNumber: string | undefined;
}

export type JoinRefusal =
	'no-class' | 'closed' | 'removed' | 'full' | 'name-taken' | 'number-missing';
export type Joined =
	| { ok: true; classId: string; userId: string; returnCode: string | undefined }
	| { ok: false; reason: JoinRefusal };

/** A bound against whoever joins by a program, not a size that a class has. */
const PEOPLE = 1_000;

const refuse = (reason: JoinRefusal) => ({ ok: false, reason }) as const;

export const isOpen = (found: ClassAtTheDoor): boolean => found.open && found.archivedAt === null;

export async function joinClass(
	db: Database,
	codes: ReturnCodes,
	request: JoinRequest,
): Promise<Joined> {
	const { who, studentNumber } = request;
	const known = 'userId' in who ? who.userId : undefined;
	return db.transaction(async (tx) => {
		const found = await atTheDoor(tx, request.code, known);
		if (!found) return refuse('no-class');
		const classId = found.id;
		if (known !== undefined) {
			if ((await roleIn(tx, classId, known)) !== undefined) {
				return { ok: true, classId, userId: known, returnCode: undefined };
			}
			if (await wasRemoved(tx, classId, known)) return refuse('removed');
		}
		if (!isOpen(found)) return refuse('closed');
		if (found.asksStudentNumber && studentNumber === undefined) return refuse('number-missing');
		const names = await namesIn(tx, [classId]);
		if (names.length >= PEOPLE) return refuse('full');
		if (isAmong(names, who.name, known)) return refuse('name-taken');
		const guest = known === undefined ? await insertGuest(tx, who.name) : undefined;
		const returnCode = guest && (await codes.issue(tx, guest.id));
		const userId = guest?.id ?? known!;
		if (!guest && (await renameIn(tx, userId, who.name)) === 'name-taken') {
			return refuse('name-taken');
		}
		const asked = found.asksStudentNumber ? studentNumber : undefined;
		await admit(tx, { classId, userId, studentNumber: asked });
		await emitEvent(tx, { classId, workspaceId: null }, { type: 'members', class: classId });
		return { ok: true, classId, userId, returnCode };
	});
}

/** With the doors shut of every class whose names must not change meanwhile. */
async function atTheDoor(
	tx: Executor,
	code: string,
	userId: string | undefined,
): Promise<ClassAtTheDoor | undefined> {
	const found = await classOfCode(tx, code);
	if (!found) return undefined;
	await lockDoors(tx, [found.id, ...(userId === undefined ? [] : await classIdsOf(tx, userId))]);
	// Closed, or given another code, while we waited.
	return classOfCode(tx, code);
}

function isAmong(
	names: readonly { userId: string; name: string }[],
	name: string,
	by: string | undefined,
): boolean {
	const key = nameKey(name);
	return names.some((each) => each.userId !== by && nameKey(each.name) === key);
}

/** Another name for who is in some classes already, unless someone there has it. */
export async function rename(
	db: Database,
	userId: string,
	name: string,
): Promise<'renamed' | 'name-taken'> {
	return db.transaction(async (tx) => {
		const classIds = await classIdsOf(tx, userId);
		await lockDoors(tx, classIds);
		const done = await renameIn(tx, userId, name);
		if (done === 'name-taken') return done;
		for (const classId of classIds) {
			await emitEvent(tx, { classId, workspaceId: null }, { type: 'members', class: classId });
		}
		return done;
	});
}

async function renameIn(
	tx: Executor,
	userId: string,
	name: string,
): Promise<'renamed' | 'name-taken'> {
	const names = await namesIn(tx, await classIdsOf(tx, userId));
	if (isAmong(names, name, userId)) return 'name-taken';
	await renameUser(tx, userId, name);
	return 'renamed';
}
