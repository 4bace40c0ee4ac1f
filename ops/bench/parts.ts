// Runs the parts of a benchmark, all or those that were named, prints their rows, and with --record
// puts each part's table into the docs.

import { loadavg } from 'node:os';
import { circumstances, load, record } from './record.ts';
import { printRows, tableOf, type Row } from './report.ts';

/** On a machine busier than this, figures say more about what else runs. */
const BUSY = 1.5;

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
