// For the fuzz: runs a program's line in the sandbox, and enters in the ledger what it does.

import type { Random } from '../random.ts';
import type { Ledger } from './ledger.ts';
import type { Side } from './side.ts';

export interface ProgramsOptions {
	r: Random;
	side: Side;
	ledger: Ledger;
	log(what: string): void;
}

export const quote = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`;

export class Programs {
	/** What they have typed. */
	readonly own: string[] = [];
	readonly #is: ProgramsOptions;

	constructor(options: ProgramsOptions) {
		this.#is = options;
	}

	async run(line: string): Promise<string | undefined> {
		this.#is.log(line);
		return this.#is.side.shell(line);
	}

	/** Runs a line; if it went well, `token` was typed. Returns what it printed. */
	async types(token: string, path: string, line: string): Promise<string | undefined> {
		this.#is.ledger.begins(token, path);
		const printed = await this.run(line);
		if (printed === undefined) return undefined;
		this.#is.ledger.typed(token, path);
		this.own.push(token);
		return printed;
	}

	/** Runs a line that prints what it wrote over what it had read of `path`. */
	async rewrites(path: string, run: () => Promise<string | undefined>): Promise<void> {
		const since = performance.now();
		this.#is.ledger.saved(path, (await run()) ?? '', since);
	}

	/** Runs a line that prints what it takes away of `path`. */
	async takes(path: string, line: string): Promise<string | undefined> {
		const since = performance.now();
		const old = await this.run(line);
		this.#is.ledger.take(old ?? '', path, since);
		return old;
	}
}
