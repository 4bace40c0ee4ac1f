// For the fuzz: programs that keep what they have read for a while: an editor with its buffers, and
// one that puts back what was there before.

import { quote, type Programs, type ProgramsOptions } from './programs.ts';

/** What a program keeps of a file. */
interface Copy {
	/** Where. */
	copy: string;
	/** When it read the file. */
	since: number;
	/** What it read then, or put in when it last wrote the file. */
	knows: string;
}

/** How an editor writes its buffer `$1` over the file `$2`. */
const SAVES = [
	'cat "$1" > "$2"',
	'mv "$2" "$2~"; cat "$1" > "$2"; rm "$2~"',
	'cat "$1" > "$2.new" && mv "$2.new" "$2"',
	'{ head -c 20 "$1"; sleep 0.02; tail -c +21 "$1"; } > "$2"',
];

export class Editor {
	readonly #is: ProgramsOptions;
	readonly #programs: Programs;
	/** The path that is open → its buffer. */
	readonly #buffers = new Map<string, Copy>();
	readonly #older = new Map<string, Copy>();
	#count = 0;

	constructor(options: ProgramsOptions, programs: Programs) {
		this.#is = options;
		this.#programs = programs;
	}

	/** What an editor has read or saved is changed: if nobody else knows of that yet, it reads again. */
	touches(path: string): void {
		const knows = this.#buffers.get(path)?.knows;
		if (knows !== undefined && !this.#is.ledger.isShown(knows)) this.#buffers.delete(path);
	}

	/** Reads a file, thinks, takes something out, puts something in, and writes it whole. */
	async edit(picked: string): Promise<void> {
		const { r, ledger } = this.#is;
		const paths = [...this.#buffers.keys()];
		if (paths.length === 0 || (paths.length < 2 && r.chance(0.5))) {
			return this.#keep(this.#buffers, picked);
		}
		const path = r.pick(paths);
		const open = this.#buffers.get(path)!;
		const { copy: buffer, since } = open;
		if (!ledger.isStill(path, since)) {
			this.#buffers.delete(path);
			return;
		}
		const present = ledger.present();
		const token = ledger.token();
		const line = 1 + r.int(6);
		const without = present.length > 0 && r.chance(0.4) ? r.pick(present) : '<none>';
		const steps = [
			`test -f ${quote(path)} || exit 1`,
			`if grep -q ${without} ${buffer}; then sed -i s/${without}// ${buffer}; fi`,
			// The last line, or one within.
			`sed -i '${line}a ${token}' ${buffer}; grep -q '${token}' ${buffer} || printf '%s\\n' '${token}' >> ${buffer}`,
			`set -- ${buffer} ${quote(path)}; ${r.pick(SAVES)}`,
			`cat ${buffer}`,
		];
		ledger.take(without);
		ledger.takeUnseen(path, this.#programs.own);
		await this.#programs.rewrites(path, () => this.#programs.types(token, path, steps.join('; ')));
		open.knows = token;
		if (r.chance(0.6)) this.#buffers.delete(path);
	}

	/** An exact return to what was there before. */
	async goBack(picked: string): Promise<void> {
		const { ledger } = this.#is;
		const [older] = this.#older;
		if (older === undefined) return this.#keep(this.#older, picked);
		const [path, { copy, since }] = older;
		this.#older.delete(path);
		if (!ledger.isStill(path, since)) return;
		this.touches(path);
		const line = `test -f ${quote(path)} && cat ${quote(path)} && cat ${copy} > ${quote(path)}`;
		await this.#programs.rewrites(path, () => this.#programs.run(`cat ${copy}`));
		await this.#programs.takes(path, line);
	}

	/** A copy of the file beside the workspace. */
	async #keep(copies: Map<string, Copy>, path: string): Promise<void> {
		const since = performance.now();
		const copy = `${this.#is.side.scratch}/copy${(this.#count += 1)}`;
		// What is made of next to nothing is something else altogether.
		const line = `cp ${quote(path)} ${copy} && test $(wc -c < ${copy}) -gt 3 && cat ${copy}`;
		const knows = await this.#programs.run(line);
		if (knows !== undefined) copies.set(path, { copy, since, knows });
	}
}
