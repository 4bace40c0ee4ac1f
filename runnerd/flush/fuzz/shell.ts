// For the fuzz: a shell in the sandbox, whose programs write files in all the ways programs do.

import { Editor } from './editor.ts';
import { Programs, quote, type ProgramsOptions } from './programs.ts';

export interface ShellOptions extends ProgramsOptions {
	/** May leave one content at two paths, so that a token is rightly there twice. */
	copies: boolean;
}

const LIST = `find . -type f -size -400k -printf '%P\\n'`;
/** Of a hundred acts, those of an editor that has a buffer. */
const [EDITS, EDITED] = [48, 64];

export class Shell {
	readonly #is: ShellOptions;
	readonly #programs: Programs;
	readonly #editor: Editor;
	#found: string[] = [];

	constructor(options: ShellOptions) {
		this.#is = options;
		this.#programs = new Programs(options);
		this.#editor = new Editor(options, this.#programs);
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
		if (n < EDITS || n >= EDITED) this.#editor.touches(path);
		if (n < 28) return this.#append(path);
		if (n < 34) return this.#logger(path);
		if (n < 44) return this.#sed(path);
		if (n < EDITS) return this.#everyLine(path);
		if (n < EDITED) return this.#editor.edit(path);
		if (n < 68) return this.#replace(path);
		if (n < 70) return this.#empty(path);
		if (n < 73) return this.#editor.goBack(path);
		if (n < 80) return this.#create();
		if (n < 85) return this.#move(path);
		if (n < 87) return this.#moveOver(path, r.pick(found) ?? 'first');
		if (n < 89) return this.#remove(path);
		if (n < 92) return this.#odd(path);
		if (n < 94) return this.#binary(path);
		if (n < 96) return this.#directories(path);
		if (this.#is.copies) return this.#copy(path);
	}

	async #append(path: string): Promise<void> {
		const token = this.#is.ledger.token();
		this.#is.ledger.makes(path);
		const end = this.#is.r.pick(['\\n', '\\n', '\\n', '\\r\\n', '']);
		await this.#programs.types(token, path, `printf '%s${end}' '${token}' >> ${quote(path)}`);
	}

	/** A program that keeps its log open. */
	async #logger(path: string): Promise<void> {
		const { ledger } = this.#is;
		ledger.makes(path);
		const tokens = [ledger.token(), ledger.token(), ledger.token()];
		for (const token of tokens) ledger.begins(token, path);
		const echoes = tokens.map((token) => `echo '${token}'`).join('; sleep 0.04; ');
		if ((await this.#programs.run(`{ ${echoes}; } >> ${quote(path)}`)) === undefined) return;
		for (const token of tokens) ledger.typed(token, path);
		this.#programs.own.push(...tokens);
	}

	async #sed(path: string): Promise<void> {
		const { r, ledger, side } = this.#is;
		const present = ledger.present();
		if (present.length > 0 && r.chance(0.5)) {
			const token = r.pick(present);
			ledger.take(token);
			// It may find nothing, and write back what it has read.
			const line = `sed -i 's/${token}//' ${quote(path)}; cat ${quote(path)}`;
			return this.#programs.rewrites(path, () => this.#programs.run(line));
		}
		const token = ledger.token();
		const out = `${side.scratch}/sed`;
		const line = `sed -i '1s/^/${token}\\n/w ${out}' ${quote(path)}; test -s ${out} && cat ${quote(path)}`;
		await this.#programs.rewrites(path, () => this.#programs.types(token, path, line));
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
		await this.#programs.rewrites(path, () => this.#programs.run(line));
	}

	/** Something else altogether. */
	async #replace(path: string): Promise<void> {
		const { ledger } = this.#is;
		const token = ledger.token();
		ledger.makes(path);
		const line = `cat ${quote(path)}; echo '${token}' > ${quote(path)}`;
		const old = await this.#programs.takes(path, line);
		if (old !== undefined) ledger.typed(token, path);
	}

	async #empty(path: string): Promise<void> {
		this.#is.ledger.makes(path);
		const how = this.#is.r.pick([`: > ${quote(path)}`, `truncate -s 10 ${quote(path)}`]);
		await this.#programs.takes(path, `cat ${quote(path)}; ${how}`);
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
		await this.#programs.types(
			token,
			path,
			`mkdir -p "$(dirname ${quote(path)})"; ${content} > ${quote(path)}`,
		);
	}

	async #move(path: string): Promise<void> {
		const to = `moved/${this.#is.r.int(1e6)}`;
		this.#is.ledger.turns(path);
		const text = await this.#programs.run(
			`mkdir -p moved; mv -n ${quote(path)} ${to} && cat ${to}`,
		);
		this.#is.ledger.moved(path, text ?? '');
	}

	async #moveOver(from: string, to: string): Promise<void> {
		if (from === to) return;
		const { ledger } = this.#is;
		const line = `cat ${quote(to)}; mv -f ${quote(from)} ${quote(to)}`;
		for (const turned of [from, to]) ledger.turns(turned);
		await this.#programs.takes(to, line);
		ledger.moved(from, (await this.#programs.run(`cat ${quote(to)}`)) ?? '');
	}

	async #remove(path: string): Promise<void> {
		await this.#programs.takes(path, `cat ${quote(path)}; rm ${quote(path)}`);
	}

	async #odd(path: string): Promise<void> {
		const n = this.#is.r.int(1e6);
		await this.#programs.run(
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
			await this.#programs.takes(path, line);
			return;
		}
		const bin = `bin/${r.int(4)}`;
		const line = `mkdir -p bin; cat ${bin} 2>/dev/null; head -c 3000 /dev/urandom > ${bin}`;
		ledger.makes(bin);
		await this.#programs.takes(bin, line);
	}

	async #directories(path: string): Promise<void> {
		const [top] = path.split('/');
		const to = `dir${this.#is.r.int(1e6)}`;
		if (!path.includes('/')) return;
		for (const found of this.#found) {
			if (found.startsWith(`${top}/`)) this.#is.ledger.turns(found);
		}
		await this.#programs.run(`mv -n ${quote(top!)} ${to}`);
	}

	async #copy(path: string): Promise<void> {
		const to = `copy${this.#is.r.int(1e6)}`;
		const how = this.#is.r.pick(['cp', 'cp -p']);
		await this.#programs.run(`${how} ${quote(path)} ${to}`);
	}
}
