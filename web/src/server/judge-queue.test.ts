// The queue on a real Postgres: what comes in before it is set up waits for it.

import { expect, it } from 'vitest';
import { testDatabase } from '@containrlab/db/testing.ts';
import { JudgeQueue } from './judge-queue.ts';

it('takes what is submitted while it is still being set up', async () => {
	await using database = await testDatabase();
	const judged = Promise.withResolvers<string>();
	const queue = new JudgeQueue({
		databaseUrl: database.url,
		db: database.connection.db,
		judge: async (attemptId) => judged.resolve(attemptId),
		log: () => {},
	});
	queue.start();
	try {
		await database.connection.db.transaction((tx) => queue.enqueue(tx, 'an-attempt'));
		expect(await judged.promise).toBe('an-attempt');
	} finally {
		await queue.stop();
	}
});
