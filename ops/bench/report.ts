// Benchmark rows: measured, set against a target, printed as a table or as JSON; never a verdict.

export interface Row {
	name: string;
	value: number;
	unit: 'ms' | 's' | '×' | '/s' | 'KB' | 'MB' | '%' | 'edits' | 'verdicts';
	/** The value should be at most this; a row without a target is there to be compared with others. */
	target?: number;
	/** … or at least this. */
	atLeast?: number;
}

/** The p-th percentile (0–100) of `samples` by nearest rank; NaN when there are none. */
export function percentile(samples: readonly number[], p: number): number {
	const sorted = [...samples].sort((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** Prints rows as a table, or with `--json` as `{name, value, unit, target or atLeast, met}`. */
export function printRows(rows: readonly Row[], json = process.argv.includes('--json')): void {
	console.log(json ? JSON.stringify(judged(rows), null, '\t') : tableOf(rows));
}

export function tableOf(rows: readonly Row[]): string {
	const width = Math.max(...rows.map((row) => row.name.length));
	return judged(rows)
		.map(({ name, value, unit, target, atLeast, met }) => {
			const figure = `${value} ${unit}`.padStart(12);
			const bound = target === undefined ? atLeast && `≥ ${atLeast}` : `≤ ${target}`;
			const goal = (bound === undefined ? '' : `${bound} ${unit}`).padStart(12);
			const words = met === undefined ? '' : met ? 'met' : 'missed';
			return `${name.padEnd(width)}  ${figure}  ${goal}  ${words}`.trimEnd();
		})
		.join('\n');
}

const judged = (rows: readonly Row[]): (Row & { met?: boolean })[] =>
	rows.map((row) => ({
		...row,
		value: Math.round(row.value * 100) / 100,
		...(row.target !== undefined && { met: row.value <= row.target }),
		...(row.atLeast !== undefined && { met: row.value >= row.atLeast }),
	}));
