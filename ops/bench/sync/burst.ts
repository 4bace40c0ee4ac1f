// One who writes as fast as others hear it: what a server can carry.

import { progress } from '../parts.ts';
import { percentile, type Row } from '../report.ts';
import { bare, hocuspocus, ours, yWebsocket, type Contestant } from './contestants.ts';
import { inTurn, Session } from './session.ts';
import type { World } from './world.ts';

const ROUNDS = 3;
const READERS = 20;
const EDITS = 50_000;
const IN_FLIGHT = 256;

export async function measureBurst(world: World): Promise<Row[]> {
	const contestants = [ours, yWebsocket, hocuspocus, bare];
	const rates = await inTurn(contestants, ROUNDS, async (contestant) => {
		const rate = await round(world, contestant);
		progress(`burst, ${contestant.name}: ${Math.round(rate)} delivered/s`);
		return rate;
	});
	const absolute = contestants.map((contestant): Row => ({
		name: `${EDITS} edits, 1 → ${READERS}: ${contestant.name}, delivered`,
		value: percentile(rates.get(contestant)!, 50),
		unit: '/s',
	}));
	const against = (other: Contestant, atLeast: number): Row => ({
		name: `${EDITS} edits, 1 → ${READERS}: ours : ${other.name}’s`,
		value: percentile(
			rates.get(ours)!.map((rate, n) => rate / rates.get(other)![n]!),
			50,
		),
		unit: '×',
		atLeast,
	});
	return [...absolute, against(yWebsocket, 8), against(hocuspocus, 3)];
}

/** Edits delivered a second, counted once for each reader. */
async function round(world: World, contestant: Contestant): Promise<number> {
	await using session = await Session.start(world, contestant);
	const [room = ''] = await session.server.rooms(1);
	// The first two sit in the two processes; the third with the first, whose pace it sets.
	const [writer, second, pacer, ...others] = await session.seat([room], READERS + 1);
	const readers = [second!, pacer!, ...others];
	const reached = session.each(readers, (load, numbers) => load.call('reachMark', numbers));
	const begun = await writer!.load.call('burst', {
		from: writer!.number,
		pacer: pacer!.number,
		edits: EDITS,
		inFlight: IN_FLIGHT,
	});
	const seconds = (Math.max(...(await reached)) - begun) / 1000;
	await session.converged();
	return (EDITS * READERS) / seconds;
}
