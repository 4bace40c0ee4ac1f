// What tests leave behind is found, by the name of their run.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { leftovers, newRun } from './leftovers.ts';

test('a volume and a process that were left are named, until they are gone', async () => {
	const [docker, run] = [new Docker(), newRun()];
	const child = spawn('sleep', ['1000'], { env: { ...process.env, TEST_RUN: run } });
	await once(child, 'spawn');
	const volume = `t-${run}-left`;
	await docker.createVolume({ Name: volume });
	try {
		const left = await leftovers(docker, run, 0);
		expect(left).toEqual(
			expect.arrayContaining([`volume ${volume}`, `process ${child.pid}: sleep 1000 `]),
		);
	} finally {
		await docker.getVolume(volume).remove();
		const gone = once(child, 'exit');
		child.kill();
		await gone;
	}
	expect(
		(await leftovers(docker, run, 0)).filter((line) => !line.startsWith('control group')),
	).toEqual([]);
});
