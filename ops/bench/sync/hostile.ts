// What becomes of everybody else: while somebody doesn't read, and while somebody attacks.

import { setTimeout as delay } from 'node:timers/promises';
import { residentMegabytes } from '../memory.ts';
import { progress } from '../parts.ts';
import { percentile, type Row } from '../report.ts';
import { ours, yWebsocket } from './contestants.ts';
import { attacks, type Attack } from './load-hostile.ts';
import { latencies } from './load-typing.ts';
import { Load } from './load.ts';
import { Session, type Seat } from './session.ts';
import type { World } from './world.ts';

const MEGABYTE = 1e6;
/** While everybody reads: what goes by is garbage that comes and goes. */
const CALM_MB = 100;
const SENT_MB = 200;
const PER_SECOND = 20;
/** Doors of an attack, each of a user of its own. */
const DOORS = 20;
/** How long a server may take to give memory back. */
const BACK_MS = 20_000;
const BACK_MB = 32;

export async function measureStalled(world: World): Promise<Row[]> {
	const rows: Row[] = [];
	for (const contestant of [ours, yWebsocket]) {
		await using session = await Session.start(world, contestant);
		const { server } = session;
		const [busy = '', other = ''] = await server.rooms(2);
		const [writer, stalled, pacer] = await session.seat([busy], 5);
		const bystanders = await session.seat([other], 2);
		const flood = (megabytes: number) =>
			writer!.load.call('flood', {
				from: writer!.number,
				pacer: pacer!.number,
				bytes: megabytes * MEGABYTE,
			});
		const calm = peakMegabytes(server.pid);
		const usual = await beside(session, bystanders, () => flood(CALM_MB)).finally(calm.end);
		const before = await calm.end();
		await stalled!.load.call('stall', stalled!.number);
		const peak = peakMegabytes(server.pid);
		const times = await beside(session, bystanders, () => flood(SENT_MB)).finally(peak.end);
		const most = await peak.end();
		await stalled!.load.call('leave', stalled!.number);
		await session.converged();
		const ratio = percentile(times, 95) / percentile(usual, 95);
		progress(`stalled, ${contestant.name}: + ${(most - before).toFixed(0)} MB`);
		const name = `a stalled reader, ${SENT_MB} MB sent: ${contestant.name}`;
		const isOurs = contestant === ours;
		rows.push(
			{ name: `${name}, growth`, value: most - before, unit: 'MB', ...(isOurs && { target: 32 }) },
			{ name: `${name}, another room’s latency (p95), with it : without`, value: ratio, unit: '×' },
		);
	}
	return rows;
}

export async function measureHostile(world: World): Promise<Row[]> {
	await using session = await Session.start(world, ours);
	const { server } = session;
	const [other = ''] = await server.rooms(1);
	const bystanders = await session.seat([other], 2);
	const usual = await beside(session, bystanders, () => delay(5000));
	const rows: Row[] = [
		{ name: 'no attack: longest wait of another room', value: Math.max(...usual), unit: 'ms' },
	];
	// A process of its own: those who stand by must not wait for the attacker.
	await using attacker = await Load.start();
	for (const attack of Object.keys(attacks) as Attack[]) {
		rows.push(...(await measureAttack(session, attacker, bystanders, attack)));
	}
	await session.converged();
	return rows;
}

async function measureAttack(
	session: Session,
	attacker: Load,
	bystanders: readonly Seat[],
	attack: Attack,
): Promise<Row[]> {
	const { server } = session;
	const [room = ''] = await server.rooms(1);
	const doors = await Promise.all(Array.from({ length: DOORS }, () => server.door(room)));
	const before = await residentMegabytes(server.pid);
	const times = await beside(session, bystanders, () => attacker.call('attack', { attack, doors }));
	const deadline = performance.now() + BACK_MS;
	let kept = Number.POSITIVE_INFINITY;
	for (; kept > BACK_MB && performance.now() < deadline; await delay(500)) {
		kept = (await residentMegabytes(server.pid)) - before;
	}
	const longest = Math.max(...times);
	progress(`${attack}: longest wait ${longest.toFixed(1)} ms, ${kept.toFixed(0)} MB kept`);
	return [
		{ name: `${attack}: longest wait of another room`, value: longest, unit: 'ms', target: 50 },
		{ name: `${attack}: memory kept`, value: kept, unit: 'MB', target: BACK_MB },
	];
}

/** The most that a process held until `end`. */
function peakMegabytes(pid: number): { end: () => Promise<number> } {
	let most = 0;
	let ended = false;
	const sampling = (async () => {
		for (; !ended; await delay(100)) most = Math.max(most, await residentMegabytes(pid));
	})();
	sampling.catch(() => {});
	return {
		end: async () => {
			ended = true;
			await sampling;
			return most;
		},
	};
}

/** How long the second of a room waits for what the first types, while something else happens. */
async function beside(
	session: Session,
	[typist, reader]: readonly Seat[],
	happen: () => Promise<unknown>,
): Promise<number[]> {
	await reader!.load.call('watch', [reader!.number]);
	let over = false;
	const happening = happen().finally(() => (over = true));
	const edits: Awaited<ReturnType<typeof type>> = [];
	const type = () =>
		typist!.load.call('type', { who: [typist!.number], perSecond: PER_SECOND, ms: 1000 });
	do edits.push(...(await type()));
	while (!over);
	await happening;
	await session.converged(reader!.room);
	const [arrivals] = await reader!.load.call('arrivals', null);
	return latencies(
		edits.flatMap(([, own]) => own),
		arrivals!,
	);
}
