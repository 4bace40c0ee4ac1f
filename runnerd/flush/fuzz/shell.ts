// For the fuzz: a shell in the sandbox, whose programs write files in all the ways programs do.

import type { Random } from '../random.ts';
import type { Ledger } from './ledger.ts';
import type { Side } from './side.ts';

export interface ShellOptions {
	r: Random;
	side: Side;
	ledger: Ledger;
	/** May leave one content at two paths, so that a token is rightly there twice. */
	copies: boolean;
	log(what: string): void;
}

const quote = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`;
const LIST = `find . -type f -size -400k -printf '%P\\n'`;
/** How an editor writes its buffer `$1` over the file `$2`. */
const SAVES = [
	'cat "$1" > "$2"',
	'mv "$2" "$2~"; cat "$1" > "$2"; rm "$2~"',
	'cat "$1" > "$2.new" && mv "$2.new" "$2"',
	'{ head -c 20 "$1"; sleep 0.02; tail -c +21 "$1"; } > "$2"',
];

export class Shell {
	readonly #is: ShellOptions;
	/** The path that an editor has open → where it keeps what it read, and since when. */
	#buffers = new Map<string, { copy: string; since: number }>();
	#older = new Map<string, { copy: string; since: number }>();
	#found: string[] = [];
	/** What its own programs wrote. */
	#own: string[] = [];
	#count = 0;

	constructor(options: ShellOptions) {
		this.#is = options;
	}

	async act(): Promise<void> {
		const { r, side } = this.#is;
		// Sometimes it goes by what was there a moment ago.
		if (this.#found.length === 0 || r.chance(0.3)) {
			const listed = ((await side.shell(LIST)) ?? '').split('\n');
			this.#found = listed.filter((path) => path !== '').sort();
		}
		const found = this.#found;
		const path = found.length > 0 ? r.pickHot(found) : 'first';
		const n = r.int(100);
		if (n < 28) return this.#append(path);
		if (n < 34) return this.#logger(path);
		if (n < 44) return this.#sed(path);
		if (n < 48) return this.#everyLine(path);
		if (n < 64) return this.#edit(path);
		if (n < 68) return this.#replace(path);
		if (n < 70) return this.#empty(path);
		if (n < 73) return this.#goBack(path);
		if (n < 80) return this.#create();
		if (n < 85) return this.#move(path);
		if (n < 87) return this.#moveOver(path, r.pick(found) ?? 'first');
		if (n < 89) return this.#remove(path);
		if (n < 92) return this.#odd(path);
		if (n < 94) return this.#binary(path);
		if (n < 96) return this.#directories(path);
		if (this.#is.copies) return this.#copy(path);
	}

	async #run(line: string): Promise<string | undefined> {
		this.#is.log(line);
		return this.#is.side.shell(line);
	}

	/** Runs a line; if it went well, `token` was typed. Returns what it printed. */
	async #types(token: string, path: string, line: string): Promise<string | undefined> {
		this.#is.ledger.begins(token, path);
		const printed = await this.#run(line);
		if (printed === undefined) return undefined;
		this.#is.ledger.typed(token, path);
		this.#own.push(token);
		return printed;
	}

	/** Runs a line that prints what it wrote over what it had read of `path`. */
	async #rewrites(path: string, run: () => Promise<string | undefined>): Promise<void> {
		const since = performance.now();
		this.#is.ledger.saved(path, (await run()) ?? '', since);
	}

	async #append(path: string): Promise<void> {
		const token = this.#is.ledger.token();
		this.#is.ledger.makes(path);
		const end = this.#is.r.pick(['\\n', '\\n', '\\n', '\\r\\n', '']);
		await this.#types(token, path, `printf '%s${end}' '${token}' >> ${quote(path)}`);
	}

	/** A program that keeps its log open. */
	async #logger(path: string): Promise<void> {
		const { ledger } = this.#is;
		ledger.makes(path);
		const tokens = [ledger.token(), ledger.token(), ledger.token()];
		for (const token of tokens) ledger.begins(token, path);
		const echoes = tokens.map((token) => `echo '${token}'`).join('; sleep 0.04; ');
		if ((await this.#run(`{ ${echoes}; } >> ${quote(path)}`)) === undefined) return;
		for (const token of tokens) ledger.typed(token, path);
		this.#own.push(...tokens);
	}

	async #sed(path: string): Promise<void> {
		const { r, ledger, side } = this.#is;
		const present = ledger.present();
		if (present.length > 0 && r.chance(0.5)) {
			const token = r.pick(present);
			ledger.take(token);
			// It may find nothing, and write back what it has read.
			const line = `sed -i 's/${token}//' ${quote(path)}; cat ${quote(path)}`;
			return this.#rewrites(path, () => this.#run(line));
		}
		const token = ledger.token();
		const out = `${side.scratch}/sed`;
		const line = `sed -i '1s/^/${token}\\n/w ${out}' ${quote(path)}; test -s ${out} && cat ${quote(path)}`;
		await this.#rewrites(path, () => this.#types(token, path, line));
	}

	async #everyLine(path: string): Promise<void> {
		const how = this.#is.r.pick([
			's/$/ /',
			's/ $//',
			's/$/\\r/',
			's/\\r$//',
			'1s/^/\\xef\\xbb\\xbf/',
		]);
		const line = `sed -i '${how}' ${quote(path)}; cat ${quote(path)}`;
		await this.#rewrites(path, () => this.#run(line));
	}

	/** A copy of the file beside the workspace. */
	async #keep(copies: Map<string, { copy: string; since: number }>, path: string): Promise<void> {
		const since = performance.now();
		const copy = `${this.#is.side.scratch}/copy${(this.#count += 1)}`;
		// What is made of next to nothing is something else altogether.
		const line = `cp ${quote(path)} ${copy} && test $(wc -c < ${copy}) -gt 3`;
		if ((await this.#run(line)) !== undefined) {
			copies.set(path, { copy, since });
		}
	}

	/** Reads a file, thinks, takes something out, puts something in, and writes it whole. */
	async #edit(picked: string): Promise<void> {
		const { r, ledger } = this.#is;
		const open = [...this.#buffers.keys()];
		if (open.length === 0 || (open.length < 2 && r.chance(0.5))) {
			return this.#keep(this.#buffers, picked);
		}
		const path = r.pick(open);
		const { copy: buffer, since } = this.#buffers.get(path)!;
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
		ledger.takeUnseen(path, this.#own);
		await this.#rewrites(path, () => this.#types(token, path, steps.join('; ')));
		if (r.chance(0.6)) this.#buffers.delete(path);
	}

	/** Something else altogether. */
	async #replace(path: string): Promise<void> {
		const { ledger } = this.#is;
		const token = ledger.token();
		ledger.makes(path);
		ledger.begins(token, path);
		const old = await this.#run(`cat ${quote(path)}; echo '${token}' > ${quote(path)}`);
		ledger.take(old ?? '', path);
		if (old !== undefined) ledger.typed(token, path);
	}

	async #empty(path: string): Promise<void> {
		this.#is.ledger.makes(path);
		const how = this.#is.r.pick([`: > ${quote(path)}`, `truncate -s 10 ${quote(path)}`]);
		this.#is.ledger.take((await this.#run(`cat ${quote(path)}; ${how}`)) ?? '', path);
	}

	/** An exact return to what was there before. */
	async #goBack(picked: string): Promise<void> {
		const { ledger } = this.#is;
		const [older] = this.#older;
		if (older === undefined) return this.#keep(this.#older, picked);
		const [path, { copy, since }] = older;
		this.#older.delete(path);
		if (!ledger.isStill(path, since)) return;
		const line = `test -f ${quote(path)} && cat ${quote(path)} && cat ${copy} > ${quote(path)}`;
		await this.#rewrites(path, () => this.#run(`cat ${copy}`));
		ledger.take((await this.#run(line)) ?? '', path);
	}

	async #create(): Promise<void> {
		const { r, ledger } = this.#is;
		const token = ledger.token();
		const path = r.pick([
			`new/${r.int(1e6)}`,
			`new/e\u0301 ${r.int(1e6)}.txt`,
			`made/${r.int(1e6)}`,
		]);
		const content = r.pick([
			`printf '%s\\n' '${token}'`,
			`printf '%s' '${token}'`,
			`printf '\\xef\\xbb\\xbf%s\\r\\nx\\r\\n' '${token}'`,
			`{ seq 1 20000; echo '${token}'; }`,
			`{ seq 1 190000; echo '${token}'; }`,
		]);
		await this.#types(
			token,
			path,
			`mkdir -p "$(dirname ${quote(path)})"; ${content} > ${quote(path)}`,
		);
	}

	async #move(path: string): Promise<void> {
		const to = `moved/${this.#is.r.int(1e6)}`;
		this.#is.ledger.turns(path);
		const text = await this.#run(`mkdir -p moved; mv -n ${quote(path)} ${to} && cat ${to}`);
		this.#is.ledger.moved(path, text ?? '');
	}

	async #moveOver(from: string, to: string): Promise<void> {
		if (from === to) return;
		const { ledger } = this.#is;
		const line = `cat ${quote(to)}; mv -f ${quote(from)} ${quote(to)}`;
		for (const turned of [from, to]) ledger.turns(turned);
		ledger.take((await this.#run(line)) ?? '', to);
	}

	async #remove(path: string): Promise<void> {
		this.#is.ledger.take((await this.#run(`cat ${quote(path)}; rm ${quote(path)}`)) ?? '', path);
	}

	async #odd(path: string): Promise<void> {
		const n = this.#is.r.int(1e6);
		await this.#run(
			this.#is.r.pick([
				`chmod 755 ${quote(path)}`,
				`chmod 600 ${quote(path)}`,
				`ln -s ${quote(path)} link${n}`,
				`ln -s /etc/passwd link${n}`,
				`test -f link1 || ln -sfn nowhere link1`,
				`mkdir -p hollow/${n}`,
				`rm -rf hollow`,
				`find . -type l -delete`,
			]),
		);
	}

	async #binary(path: string): Promise<void> {
		const { r, ledger } = this.#is;
		if (r.chance(0.5)) {
			const line = `cat ${quote(path)}; printf 'a\\0b' > ${quote(path)}`;
			ledger.makes(path);
			ledger.turns(path);
			ledger.take((await this.#run(line)) ?? '', path);
			return;
		}
		const bin = `bin/${r.int(4)}`;
		const line = `mkdir -p bin; cat ${bin} 2>/dev/null; head -c 3000 /dev/urandom > ${bin}`;
		ledger.makes(bin);
		ledger.take((await this.#run(line)) ?? '', bin);
	}

	async #directories(path: string): Promise<void> {
		const [top] = path.split('/');
		const to = `dir${this.#is.r.int(1e6)}`;
		if (!path.includes('/')) return;
		for (const found of this.#found) {
			if (found.startsWith(`${top}/`)) this.#is.ledger.turns(found);
		}
		await this.#run(`mv -n ${quote(top!)} ${to}`);
	}

	async #copy(path: string): Promise<void> {
		const to = `copy${this.#is.r.int(1e6)}`;
		const how = this.#is.r.pick(['cp', 'cp -p']);
		await this.#run(`${how} ${quote(path)} ${to}`);
	}
}
