// What someone who starts ContainrLab reads: one line per step, with its time.

export interface Steps {
	/** Runs one step; `begin` in it says what takes long, `log` goes to the log file. */
	step<T>(title: string, work: (step: StepLog) => Promise<T>): Promise<T>;
	say(line: string): void;
}

export interface StepLog {
	begin(what: string): void;
	log(line: string): void;
	/** Said behind the finished step: `ready (already there)`. */
	note(text: string): void;
}

export function consoleSteps(log: (line: string) => void, print = console.log): Steps {
	const say = (line: string) => {
		print(line);
		log(line);
	};
	return {
		say,
		async step(title, work) {
			const start = performance.now();
			const notes: string[] = [];
			const result = await work({
				begin: (what) => say(`  … ${title}: ${what}`),
				log,
				note: (text) => notes.push(text),
			}).catch((error: unknown) => {
				say(`  ✗ ${title.padEnd(24)} ${seconds(start)}`);
				throw error;
			});
			say(
				`  ✓ ${title.padEnd(24)} ${seconds(start)}${notes.length ? `  ${notes.join('; ')}` : ''}`,
			);
			return result;
		},
	};
}

const seconds = (start: number): string =>
	`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s`;

/** Something the person at the keyboard can mend: shown without a stack. */
export class Refusal extends Error {
	override name = 'Refusal';
}
