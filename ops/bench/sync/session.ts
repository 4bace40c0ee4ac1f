// A server with its clients in two processes, and whether they all have the same in the end.

import { setTimeout as delay } from 'node:timers/promises';
import type { Contestant, Server } from './contestants.ts';
import { Load } from './load.ts';
import type { World } from './world.ts';

/** A client: which process has it, and its number there. */
export interface Seat {
	load: Load;
	number: number;
	room: string;
}

/** As long as the slowest may take to deliver what it was given. */
const SETTLE_MS = 60_000;
const LOADS = 2;

export class Session implements AsyncDisposable {
	readonly server: Server;
	readonly loads: readonly Load[];

	private constructor(server: Server, loads: readonly Load[]) {
		this.server = server;
		this.loads = loads;
	}

	static async start(world: World, contestant: Contestant): Promise<Session> {
		const [server, ...loads] = await Promise.all([
			contestant.start(world),
			...Array.from({ length: LOADS }, () => Load.start()),
		]);
		return new Session(server, loads);
	}

	/** So many clients for each room, dealt out to the processes in turn. */
	async seat(rooms: readonly string[], each: number): Promise<Seat[]> {
		const places = rooms.flatMap((room) => Array.from({ length: each }, () => room));
		const dealt = this.loads.map((_, n) => places.filter((_room, at) => at % LOADS === n));
		const seats = await Promise.all(
			this.loads.map(async (load, n) => {
				const doors = await Promise.all(dealt[n]!.map((room) => this.server.door(room)));
				const numbers = await load.call('open', doors);
				return numbers.map((number, at): Seat => ({ load, number, room: dealt[n]![at]! }));
			}),
		);
		return places.map((_, at) => seats[at % LOADS]![Math.floor(at / LOADS)]!);
	}

	/** Asks each process about its own of these seats. */
	each<T>(
		seats: readonly Seat[],
		ask: (load: Load, numbers: number[]) => Promise<T>,
	): Promise<T[]> {
		return Promise.all(
			this.loads.map((load) =>
				ask(
					load,
					seats.filter((seat) => seat.load === load).map(({ number }) => number),
				),
			),
		);
	}

	/** Throws unless, sooner or later, all clients of a room, or of this one, have the same document. */
	async converged(only?: string): Promise<void> {
		const deadline = performance.now() + SETTLE_MS;
		for (;;) {
			const all = await Promise.all(this.loads.map((load) => load.call('digests', null)));
			const differing = [...new Set(all.flatMap((digests) => [...digests.keys()]))].filter(
				(room) =>
					(only ?? room) === room &&
					new Set(all.flatMap((digests) => digests.get(room) ?? [])).size > 1,
			);
			if (differing.length === 0) return;
			if (performance.now() > deadline) {
				throw new Error(`${differing.length} rooms never converged`);
			}
			await delay(200);
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all([this.server, ...this.loads].map((each) => each[Symbol.asyncDispose]()));
	}
}

/** Measures all in turn, some rounds of it, each time another first. */
export async function inTurn<T>(
	contestants: readonly Contestant[],
	rounds: number,
	measure: (contestant: Contestant) => Promise<T>,
): Promise<Map<Contestant, T[]>> {
	const results = new Map(contestants.map((contestant) => [contestant, [] as T[]]));
	for (let round = 0; round < rounds; round += 1) {
		for (let n = 0; n < contestants.length; n += 1) {
			const contestant = contestants[(n + round) % contestants.length]!;
			results.get(contestant)!.push(await measure(contestant));
		}
	}
	return results;
}
