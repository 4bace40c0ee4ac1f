// A school that has left its pages open: connections that say nothing.

import { setTimeout as delay } from 'node:timers/promises';
import { residentMegabytes } from '../memory.ts';
import { progress } from '../parts.ts';
import type { Row } from '../report.ts';
import { ours } from './contestants.ts';
import { cpuSeconds, familyCpuSeconds } from './processes.ts';
import { Session } from './session.ts';
import type { World } from './world.ts';

const ROOMS = 1000;
const EACH = 5;
/** Two heartbeats. */
const SECONDS = 30;

export async function measureIdle(world: World): Promise<Row[]> {
	await using session = await Session.start(world, ours);
	const { server } = session;
	await session.seat(await server.rooms(ROOMS), EACH);
	progress(`${ROOMS * EACH} connections are open`);
	await delay(5000);
	const cpu = await cpuSeconds(server.pid);
	const postgres = await familyCpuSeconds(world.postgres);
	await delay(SECONDS * 1000);
	const taken = (await cpuSeconds(server.pid)) - cpu;
	const name = `${ROOMS * EACH} idle connections in ${ROOMS} rooms`;
	return [
		{
			name: `${name}: memory`,
			value: await residentMegabytes(server.pid),
			unit: 'MB',
			target: 250,
		},
		{ name: `${name}: CPU`, value: (taken / SECONDS) * 100, unit: '%', target: 3 },
		{
			name: `${name}: Postgres’ CPU`,
			value: (((await familyCpuSeconds(world.postgres)) - postgres) / SECONDS) * 100,
			unit: '%',
		},
	];
}
