// One attempt, asked for by several jobs: none is lost, and a late one finds the next run.

import { attemptById, insertAttempt } from '@containrlab/db/queries/attempts.ts';
import { createClass } from '@containrlab/db/queries/classes.ts';
import { judgeAgain } from '@containrlab/db/queries/judge-again.ts';
import { insertGuest } from '@containrlab/db/queries/users.ts';
import { openWorkspace } from '@containrlab/db/queries/workspaces.ts';
import { testDatabase } from '@containrlab/db/testing.ts';
import { newId } from '@containrlab/protocol/id.ts';
import { expect, it } from 'vitest';
import { StandInRunnerd } from '../../testing-services.ts';
import { SERVICE_TOKEN, until } from '../../testing.ts';
import { Judging } from './judging.ts';
import { RunnerdClient, type Run } from './runnerd-client.ts';

/** Hears of results, but takes its time to say so. */
class SlowToAcknowledge extends RunnerdClient {
	readonly gate = Promise.withResolvers<void>();

	override async acknowledge(run: Run): Promise<void> {
		await this.gate.promise;
		return super.acknowledge(run);
	}
}

it('judges the next run that is asked for while the last one is being put away', async () => {
	await using database = await testDatabase();
	const { db } = database.connection;
	await using standIn = new StandInRunnerd();
	const runnerd = new SlowToAcknowledge(await standIn.listen(), SERVICE_TOKEN);
	standIn.judge = () => ({
		...{ status: 'done', judgeDigest: 'j', log: [] },
		verdict: { status: 'passed', checks: [], metrics: { durationMs: 1 } },
	});
	const { id: classId } = await createClass(db, { name: 'C', labs: [] });
	const { id: ownerId } = await insertGuest(db, 'Ann');
	const lab = {
		...{ slug: '01-a', digest: 'd', text: '', starter: [] },
		front: {
			...{ title: 'A', summary: 'a', minutes: 5, goals: [], images: [], hints: [], wrong: {} },
			checks: [],
		},
	};
	const workspace = await openWorkspace(db, { classId, ownerId, lab });
	const id = newId();
	await db.transaction((tx) =>
		insertAttempt(tx, {
			...{ id, workspaceId: workspace.id, submittedBy: ownerId, source: 'drained', logSeq: 1 },
			...{ files: [], left: [], labDigest: 'd' },
		}),
	);
	const judging = new Judging({ db, runnerd, log: () => {} });
	const { signal } = new AbortController();
	const first = judging.judge(id, signal);
	await until('the verdict', async () => (await attemptById(db, id))?.verdict != null);
	await db.transaction((tx) => judgeAgain(tx, id, ownerId));
	const second = judging.judge(id, signal);
	runnerd.gate.resolve();
	await Promise.all([first, second]);
	expect(await attemptById(db, id)).toMatchObject({ status: 'passed', try: 2 });
	expect(standIn.puts.map((put) => put.key)).toEqual([`${id}/1`, `${id}/2`]);
});
