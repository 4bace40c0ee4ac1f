// A child process: clients that connect, type, and watch, as they are told.

import { burst, reachMark, type BurstOptions } from './load-burst.ts';
import { attacks, flood, type Attack } from './load-hostile.ts';
import { feed, join } from './load-join.ts';
import { type as typeFor, watch, type Arrivals, type Edit } from './load-typing.ts';
import { Client, type Door } from './client.ts';
import type { Answer } from './load.ts';

/** How many connect at once. */
const AT_ONCE = 40;

const clients: Client[] = [];
let watches: Arrivals[] = [];
const pick = (numbers: readonly number[]) => numbers.map((number) => clients[number]!);

const jobs = {
	/** Connects more clients; resolves when all have a state, with their numbers. */
	async open(doors: readonly Door[]): Promise<number[]> {
		const numbers: number[] = [];
		for (let at = 0; at < doors.length; at += AT_ONCE) {
			const group = doors.slice(at, at + AT_ONCE).map((door) => new Client(door));
			for (const client of group) numbers.push(clients.push(client) - 1);
			await Promise.all(group.map(({ synced }) => synced));
		}
		return numbers;
	},
	/** Notes what these receive, and when, from now on. */
	async watch(numbers: readonly number[]): Promise<void> {
		watches = pick(numbers).map(watch);
	},
	async arrivals(_: null): Promise<Arrivals[]> {
		return watches;
	},
	/** Each of these types so many keys a second; resolves with what was written where, and when. */
	async type(options: {
		who: number[];
		perSecond: number;
		ms: number;
	}): Promise<[string, Edit[]][]> {
		const { who, perSecond, ms } = options;
		return Promise.all(
			pick(who).map(async (client) => [client.door.room, await typeFor(client, perSecond, ms)]),
		);
	},
	burst: ({ from, pacer, ...options }: { from: number; pacer: number } & BurstOptions) =>
		burst(clients[from]!, clients[pacer]!, options),
	reachMark: (numbers: readonly number[]) => reachMark(pick(numbers)),
	feed: ({ door, operations }: { door: Door; operations: number }) => feed(door, operations),
	join: ({ doors, size }: { doors: readonly Door[]; size: number }) => join(doors, size),
	flood: ({ from, pacer, bytes }: { from: number; pacer: number; bytes: number }) =>
		flood(clients[from]!, clients[pacer]!, bytes),
	attack: ({ attack, doors }: { attack: Attack; doors: readonly Door[] }) => attacks[attack](doors),
	/** Reads nothing from now on. */
	async stall(number: number): Promise<void> {
		clients[number]!.socket.pause();
	},
	/** Whatever it has by now, it counts no more. */
	async leave(number: number): Promise<void> {
		clients[number]?.close();
		delete clients[number];
	},
	/** By room, the different documents that its clients have. */
	async digests(_: null): Promise<Map<string, string[]>> {
		const found = new Map<string, Set<string>>();
		for (const client of Object.values(clients)) {
			const { room } = client.door;
			const known = found.get(room) ?? new Set();
			found.set(room, known.add(client.digest()));
		}
		return new Map([...found].map(([room, digests]) => [room, [...digests]]));
	},
};
export type Jobs = typeof jobs;

process.once('disconnect', () => process.exit());
process.on(
	'message',
	(call: { id: number; job: keyof Jobs; argument: never }) =>
		void answer(call).then((reply) => process.send?.(reply)),
);
process.send?.('ready');

async function answer(call: { id: number; job: keyof Jobs; argument: never }): Promise<Answer> {
	try {
		return { id: call.id, result: await jobs[call.job](call.argument) };
	} catch (cause) {
		return { id: call.id, error: cause instanceof Error ? (cause.stack ?? '') : String(cause) };
	}
}
