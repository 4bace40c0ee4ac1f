// People who type: what it costs the server, and how soon others see it.

import { setTimeout as delay } from 'node:timers/promises';
import { progress } from '../parts.ts';
import { percentile, type Row } from '../report.ts';
import * as servers from './contestants.ts';
import type { Contestant } from './contestants.ts';
import { latencies } from './load-typing.ts';
import { cpuSeconds, familyCpuSeconds } from './processes.ts';
import { inTurn, Session } from './session.ts';
import type { World } from './world.ts';

interface Scene {
	name: string;
	rooms: number;
	/** Clients of each room, and how many of them type so many keys a second. */
	clients: number;
	typists: number;
	perSecond: number;
}

interface Figures {
	/** Of a core, while they typed. */
	cpu: number;
	postgres: number;
	latencies: number[];
}

const ROUNDS = 3;
/** What runs for hours is compiled. */
const WARM_MS = 6000;
const TYPE_MS = 6000;
/** What is written later is paid for too: peers with a store wait for 2 s of quiet. */
const GRACE_MS = 2500;
const WATCHERS = 20;

export async function measureFanout(world: World): Promise<Row[]> {
	const scene = { name: 'one document', rooms: 1, clients: 200, typists: 10, perSecond: 10 };
	const { ours, yWebsocket, hocuspocus, bare } = servers;
	const figures = await measure(world, scene, [ours, yWebsocket, hocuspocus, bare]);
	return [
		...absolute(scene, figures),
		against(scene, figures, yWebsocket, 0.6),
		against(scene, figures, hocuspocus, 0.5),
		against(scene, figures, bare),
		sooner(scene, figures, yWebsocket),
		sooner(scene, figures, hocuspocus),
	];
}

export async function measureMany(world: World): Promise<Row[]> {
	const scene = { name: '200 documents', rooms: 200, clients: 2, typists: 2, perSecond: 5 };
	const { ours, yWebsocket, yWebsocketLevel, hocuspocusPostgres } = servers;
	const figures = await measure(world, scene, [
		ours,
		yWebsocket,
		yWebsocketLevel,
		hocuspocusPostgres,
	]);
	return [
		...absolute(scene, figures),
		against(scene, figures, yWebsocket, 0.8),
		against(scene, figures, yWebsocketLevel, 0.4),
		against(scene, figures, hocuspocusPostgres, 0.4),
	];
}

type All = Map<Contestant, Figures[]>;

function measure(world: World, scene: Scene, contestants: Contestant[]): Promise<All> {
	return inTurn(contestants, ROUNDS, async (contestant) => {
		const figures = await round(world, contestant, scene);
		const p95 = percentile(figures.latencies, 95).toFixed(1);
		progress(`${scene.name}, ${contestant.name}: ${percent(figures.cpu)} %, p95 ${p95} ms`);
		return figures;
	});
}

async function round(world: World, contestant: Contestant, scene: Scene): Promise<Figures> {
	await using session = await Session.start(world, contestant);
	const { server } = session;
	const rooms = await server.rooms(scene.rooms);
	const seats = await session.seat(rooms, scene.clients);
	const typists = seats.filter((_, at) => at % scene.clients < scene.typists);
	const type = (ms: number) =>
		session.each(typists, (load, who) =>
			load.call('type', { who, perSecond: scene.perSecond, ms }),
		);
	await type(WARM_MS);
	await delay(300);
	// An odd step takes some of each process.
	const step = Math.floor(seats.length / WATCHERS / 2) * 2 + 1;
	const watchers = seats.filter((_, at) => at % step === 0);
	await session.each(watchers, (load, numbers) => load.call('watch', numbers));
	const before = [await cpuSeconds(server.pid), await familyCpuSeconds(world.postgres)] as const;
	const edits = Map.groupBy((await type(TYPE_MS)).flat(), ([room]) => room);
	await delay(GRACE_MS);
	const after = [await cpuSeconds(server.pid), await familyCpuSeconds(world.postgres)] as const;
	await session.converged();
	const arrivals = await Promise.all(session.loads.map((load) => load.call('arrivals', null)));
	return {
		cpu: ((after[0] - before[0]) * 1000) / TYPE_MS,
		postgres: ((after[1] - before[1]) * 1000) / TYPE_MS,
		latencies: arrivals.flat().flatMap((each) =>
			latencies(
				(edits.get(each.room) ?? []).flatMap(([, own]) => own),
				each,
			),
		),
	};
}

const percent = (cpu: number): string => (cpu * 100).toFixed(1);
const median = (values: readonly number[]): number => percentile(values, 50);
const p95 = (all: All, contestant: Contestant): number =>
	percentile(
		all.get(contestant)!.flatMap((figures) => figures.latencies),
		95,
	);

function absolute({ name }: Scene, all: All): Row[] {
	const rows: Row[] = [];
	for (const [contestant, rounds] of all) {
		const row = (what: string, value: number, unit: Row['unit']) =>
			rows.push({ name: `${name}: ${contestant.name}, ${what}`, value, unit });
		row('CPU', median(rounds.map(({ cpu }) => cpu)) * 100, '%');
		if (contestant === servers.ours || contestant === servers.hocuspocusPostgres) {
			row('Postgres’ CPU', median(rounds.map(({ postgres }) => postgres)) * 100, '%');
		}
		row('latency (p95)', p95(all, contestant), 'ms');
	}
	return rows;
}

/** Of ratios within a round, the middle one. */
function against({ name }: Scene, all: All, other: Contestant, target?: number): Row {
	const theirs = all.get(other)!;
	const ratios = all.get(servers.ours)!.map(({ cpu }, round) => cpu / theirs[round]!.cpu);
	return {
		name: `${name}: CPU, ours : ${other.name}’s`,
		value: median(ratios),
		unit: '×',
		...(target !== undefined && { target }),
	};
}

const sooner = ({ name }: Scene, all: All, other: Contestant): Row => ({
	name: `${name}: latency (p95), ours : ${other.name}’s`,
	value: p95(all, servers.ours) / p95(all, other),
	unit: '×',
	target: 1,
});
