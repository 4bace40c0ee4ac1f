// Coming into a long document: one, forty at once, and the first after the server started again.

import { setTimeout as delay } from 'node:timers/promises';
import { progress } from '../parts.ts';
import { percentile, type Row } from '../report.ts';
import {
	hocuspocus,
	hocuspocusPostgres,
	ours,
	yWebsocket,
	yWebsocketLevel,
	type Contestant,
	type Server,
} from './contestants.ts';
import { Load } from './load.ts';
import { cpuSeconds } from './processes.ts';
import type { Joined } from './load-join.ts';
import { inTurn } from './session.ts';
import type { World } from './world.ts';

const OPERATIONS = 260_000;
const SINGLE = 15;
const CROWD = 40;
const CROWDS = 5;
const RESTARTS = 3;
const ROUNDS = 2;
/** A state may be encoded a little shorter than another of the same document. */
const ENOUGH = 0.95;
const NAME = `a document of ${OPERATIONS} operations`;

interface Times {
	one: number;
	crowd: number;
}

export async function measureJoin(world: World): Promise<Row[]> {
	const contestants = [ours, yWebsocket, hocuspocus];
	const times = await inTurn(contestants, ROUNDS, async (contestant): Promise<Times> => {
		await using server = await contestant.start(world);
		await using load = await Load.start();
		const { room, size } = await fill(server, load);
		const one: number[] = [];
		for (let n = 0; n < SINGLE; n += 1) one.push(last(await arrive(server, load, room, size, 1)));
		const crowds: number[] = [];
		for (let n = 0; n < CROWDS; n += 1) {
			crowds.push(last(await arrive(server, load, room, size, CROWD)));
		}
		const [single, crowd] = [percentile(one, 50), percentile(crowds, 50)];
		progress(`join, ${contestant.name}: ${single.toFixed(1)} ms, ${CROWD} ${crowd.toFixed(1)} ms`);
		return { one: single, crowd };
	});
	const of = (contestant: Contestant, which: keyof Times) =>
		times.get(contestant)!.map((each) => each[which]);
	const ratio = (other: Contestant, which: keyof Times) =>
		percentile(
			of(ours, which).map((ms, n) => ms / of(other, which)[n]!),
			50,
		);
	return [
		...contestants.flatMap((contestant): Row[] => [
			row(`${NAME}: ${contestant.name}, join`, percentile(of(contestant, 'one'), 50)),
			row(`${NAME}: ${contestant.name}, ${CROWD} at once`, percentile(of(contestant, 'crowd'), 50)),
		]),
		against('join', ratio(yWebsocket, 'one'), yWebsocket, 1),
		against(`${CROWD} at once`, ratio(yWebsocket, 'crowd'), yWebsocket, 0.6),
	];
}

export async function measureRestart(world: World): Promise<Row[]> {
	const contestants = [ours, yWebsocketLevel, hocuspocusPostgres];
	const times = await inTurn(contestants, ROUNDS, async (contestant) => {
		const store = await world.fresh();
		await using load = await Load.start();
		let filled: { room: string; size: number };
		{
			await using server = await contestant.start(world, store);
			filled = await fill(server, load);
		}
		const joins: number[] = [];
		for (let n = 0; n < RESTARTS; n += 1) {
			await using server = await contestant.start(world, store);
			const [joined] = await arrive(server, load, filled.room, filled.size, 1);
			joins.push(joined!.ms);
			const words = joined!.complete ? 'complete' : 'synced before it was complete';
			progress(`first join, ${contestant.name}: ${joined!.ms.toFixed(1)} ms, ${words}`);
			if (contestant === ours && !joined!.complete) throw new Error('synced and not complete');
		}
		return percentile(joins, 50);
	});
	const ratios = times.get(ours)!.map((ms, n) => ms / times.get(yWebsocketLevel)![n]!);
	return [
		...contestants.map((contestant) =>
			row(
				`${NAME}: ${contestant.name}, first join after a restart`,
				percentile(times.get(contestant)!, 50),
			),
		),
		against('first join', percentile(ratios, 50), yWebsocketLevel, 0.5),
	];
}

const row = (name: string, value: number): Row => ({ name, value, unit: 'ms' });

const against = (what: string, value: number, other: Contestant, target: number): Row => ({
	name: `${NAME}: ${what}, ours : ${other.name}’s`,
	value,
	unit: '×',
	target,
});

const last = (joined: readonly Joined[]): number => Math.max(...joined.map(({ ms }) => ms));

/** A room with the document, once the server has nothing left to do for it. */
async function fill(server: Server, load: Load): Promise<{ room: string; size: number }> {
	const [room = ''] = await server.rooms(1);
	const door = await server.door(room);
	// Somebody stays: Hocuspocus without a store forgets what nobody is in.
	await load.call('open', [await server.door(room)]);
	const size = (await load.call('feed', { door, operations: OPERATIONS })) * ENOUGH;
	await quiet(server.pid);
	return { room, size };
}

async function arrive(
	server: Server,
	load: Load,
	room: string,
	size: number,
	count: number,
): Promise<Joined[]> {
	const doors = await Promise.all(Array.from({ length: count }, () => server.door(room)));
	return load.call('join', { doors, size });
}

/** Until what it writes later, too, is written: Hocuspocus waits for two seconds. */
async function quiet(pid: number): Promise<void> {
	const SECONDS = 3;
	for (let before = await cpuSeconds(pid); ;) {
		await delay(SECONDS * 1000);
		const after = await cpuSeconds(pid);
		if (after - before < 0.02 * SECONDS) return;
		before = after;
	}
}
