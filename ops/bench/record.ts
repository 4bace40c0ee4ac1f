// Puts what a benchmark printed into its block of docs/benchmarks.md, and below it when and where.

import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../setup/data-dir.ts';

const FILE = join(ROOT, 'docs', 'benchmarks.md');

export async function record(bench: string, table: string, circumstances: string): Promise<void> {
	const page = await readFile(FILE, 'utf8');
	await writeFile(FILE, withBlock(page, bench, table, circumstances));
}

/** The page with the block that follows the bench's comment, and the paragraph below it, replaced. */
export function withBlock(page: string, bench: string, table: string, below: string): string {
	const [before, after, ...more] = page.split(
		`<!-- Filled by \`npm run bench -- ${bench} --record\`. -->`,
	);
	const rest = /^\n\n```\n[^]*?\n```\n\n[^]*?\n(?=\n)/.exec(after ?? '');
	if (before === undefined || after === undefined || !rest || more.length > 0) {
		throw new Error(`docs/benchmarks.md has no one block for ${bench}`);
	}
	const comment = page.slice(before.length, page.length - after.length);
	return `${before}${comment}\n\n\`\`\`\n${table}\n\`\`\`\n\n${below}\n${after.slice(rest[0].length)}`;
}

/** How busy the machine is: of figures from one that is, times are longer than they would be. */
export const load = (): string => loadavg()[0]!.toFixed(1);

export function circumstances(
	chromium: string | undefined,
	loads: { before: string; after: string },
): string {
	const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' }).format(new Date());
	const memory = `${Math.floor(totalmem() / 2 ** 30)} GB`;
	const [linux] = /^\d+\.\d+/.exec(release()) ?? [];
	const [major] = process.versions.node.split('.');
	return [
		`${date}; ${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${memory}, Linux ${linux},`,
		`${chromium ? `Chromium ${chromium}, ` : ''}Node ${major}; load average ${loads.before} before, ${loads.after} after.`,
	].join('\n');
}
