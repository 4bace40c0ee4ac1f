// What a running installation tells the commands beside it: where its services are.

import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { DataDir } from './setup/data-dir.ts';
import { Refusal } from './steps.ts';
import { rememberedPid } from './supervise/identity.ts';

const FILE = 'run/installation.json';

const RunningInstallation = z.object({
	databaseUrl: z.string(),
	runnerdUrl: z.url(),
	runnerdToken: z.string(),
	/** What other devices type; null while nobody else is let in. */
	address: z.string().nullable(),
});
export type RunningInstallation = z.infer<typeof RunningInstallation>;

/** `runnerdToken`: the file that holds it. For the owner alone: the database's password is in it. */
export async function tellRunning(data: DataDir, told: RunningInstallation): Promise<void> {
	await writeFile(data.in(FILE), JSON.stringify(told), { mode: 0o600 });
}

export async function findRunning(data: DataDir): Promise<RunningInstallation> {
	const told = await readFile(data.in(FILE), 'utf8').then(
		(text) => RunningInstallation.safeParse(JSON.parse(text)).data,
		() => undefined,
	);
	if (told && rememberedPid(data.in('run'), 'supervisor') !== undefined) return told;
	throw new Refusal(
		`No ContainrLab runs on ${data.path}. Start it as for the lesson, in another terminal: npm start -- --lan`,
	);
}
