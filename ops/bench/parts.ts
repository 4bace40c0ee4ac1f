// Runs the parts of a benchmark, all or those that were named, prints their rows, and with --record
// puts each part's table into the docs.

import { cpus, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { circumstances, load, record } from './record.ts';
import { printRows, tableOf, type Row } from './report.ts';

/** On a machine busier than this, figures say more about what else runs. */
const BUSY = 1.5;

/** What a part leaves to be done after its end is not the next one's: it waits, but not for ever. */
const CALM = { busyMost: 0.1, forMs: 3000, withinMs: 60_000 };

/** Figures are standard output's; this is for whoever waits. */
export const progress = (line: string): void => console.error(line);

export function namedParts<Part>(parts: Record<string, Part>): [string, Part][] {
	const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
	const unknown = words.filter((word) => !Object.hasOwn(parts, word));
	if (unknown.length > 0) {
		console.error(`There is no part ${unknown.join(', ')}: ${Object.keys(parts).join(', ')}`);
		process.exit(2);
	}
	return Object.entries(parts).filter(([part]) => words.length === 0 || words.includes(part));
}

/** `bench` and the part's name are what the block in docs/benchmarks.md is called. */
export async function runParts<World>(
	bench: string,
	parts: [string, (world: World) => Promise<Row[]>][],
	world: World,
): Promise<void> {
	if (loadavg()[0]! > BUSY) progress(`note: the machine is busy (load average ${load()})`);
	const all: Row[] = [];
	for (const [part, measure] of parts) {
		if (all.length > 0) await calm();
		progress(`── ${part}`);
		const before = load();
		const rows = await measure(world);
		all.push(...rows);
		if (!process.argv.includes('--record')) continue;
		await record(
			`${bench} ${part}`,
			tableOf(rows),
			circumstances(undefined, { before, after: load() }),
		);
	}
	printRows(all);
}

/** Until the cores had next to nothing to do for some seconds. */
async function calm(): Promise<void> {
	const deadline = performance.now() + CALM.withinMs;
	let before = spent();
	for (let quietMs = 0; quietMs < CALM.forMs && performance.now() < deadline;) {
		await delay(1000);
		const now = spent();
		const busy = (now.busy - before.busy) / (now.all - before.all);
		quietMs = busy <= CALM.busyMost ? quietMs + 1000 : 0;
		before = now;
	}
}

/** What all cores did so far; ms. */
function spent(): { busy: number; all: number } {
	const sum = { busy: 0, all: 0 };
	for (const { times } of cpus()) {
		const busy = times.user + times.nice + times.sys + times.irq;
		sum.busy += busy;
		sum.all += busy + times.idle;
	}
	return sum;
}
