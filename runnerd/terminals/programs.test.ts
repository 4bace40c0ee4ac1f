// Programs that use all of a terminal, in a real sandbox: they work, follow the driver's window, and who
// comes while they run sees what the driver sees.

import serialize from '@xterm/addon-serialize';
import { newId } from '@containrlab/protocol/id.ts';
import { expect, test } from 'vitest';
import { ready, startRequest, TestInstance } from '../sandboxes/testing.ts';
import { TEACHER, TestRunner, type TestBrowser } from './testing.ts';

/** Counts the commands, so that a prompt is told from the one before. */
const PROMPT = /^ready-(\d+)>$/;

/** Screen, colours, cursor and modes, as one text. */
function pictureOf({ screen }: TestBrowser): string {
	const addon = new serialize.SerializeAddon();
	screen.loadAddon(addon as never);
	const picture = addon.serialize({ scrollback: 0 });
	addon.dispose();
	const { type, cursorX, cursorY } = screen.buffer.active;
	return JSON.stringify([picture, type, cursorX, cursorY, screen.modes]);
}

/** What is on the screen now, without what has scrolled past. */
function shownBy({ screen }: TestBrowser): string {
	const { active } = screen.buffer;
	const rows = Array.from({ length: screen.rows }, (_, row) => active.getLine(active.baseY + row));
	return rows.map((line) => line?.translateToString(true) ?? '').join('\n');
}

class Desk {
	readonly driver: TestBrowser;
	readonly #runner: TestRunner;
	#prompts = 0;

	constructor(runner: TestRunner, driver: TestBrowser) {
		this.#runner = runner;
		this.driver = driver;
	}

	async shows(pattern: RegExp): Promise<void> {
		await this.driver.until(() => pattern.test(shownBy(this.driver)));
	}

	async run(line: string): Promise<void> {
		this.driver.type(`${line}\r`);
		await this.prompt();
	}

	/** The shell has the terminal again, as it was before, and waits for the next command. */
	async prompt(): Promise<void> {
		const { driver } = this;
		const number = () => {
			const { active } = driver.screen.buffer;
			const line = active.getLine(active.baseY + active.cursorY)?.translateToString(true) ?? '';
			return active.type === 'normal' ? Number(PROMPT.exec(line.trimEnd())?.[1] ?? 0) : 0;
		};
		await driver.until(() => number() > this.#prompts);
		this.#prompts = number();
	}

	async resize(cols: number, rows: number): Promise<void> {
		this.driver.say({ type: 'resize', cols, rows });
		await this.driver.until(
			() => this.driver.screen.cols === cols && this.driver.screen.rows === rows,
		);
	}

	/** Someone comes now, and sees the same: at once, or with the program's next change. */
	async lateJoinerSeesTheSame(): Promise<TestBrowser> {
		const late = await this.#runner.join(TEACHER, 'read');
		await late.until(() => pictureOf(late) === pictureOf(this.driver));
		late.socket.close();
		return late;
	}
}

test('vim, less, top, htop, mouse, pastes, colours, wide characters, docker attach', async () => {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	await ready(sandboxes, workspace);
	await using runner = await TestRunner.start(() => sandboxes.openAgent(workspace));
	const desk = new Desk(runner, await runner.join());
	const { driver } = desk;
	await desk.resize(90, 28);
	await desk.run("PS1='ready-\\#> '");

	await desk.run('clear; printf "\\e[38;5;208mA\\e[38;2;1;2;3mB\\e[0m 你好 e\\u0301 👩‍💻 ä\\n"');
	const cells = driver.screen.buffer.active;
	const line = cells.getLine(cells.baseY)!;
	expect(line.getCell(0)!.getFgColor()).toBe(208);
	expect(line.getCell(1)!.getFgColor()).toBe(0x010203);
	expect(line.getCell(3)!.getWidth()).toBe(2);
	await desk.lateJoinerSeesTheSame();

	await desk.run('seq 1 200 >lines; clear');
	driver.type('vim lines\r');
	await desk.shows(/^1\n2\n3\n/);
	await desk.resize(100, 32);
	await desk.shows(/\n30\n31\n/);
	driver.type('Ofrom vim\x1b');
	await desk.shows(/^from vim\n1\n/);
	expect(driver.screen.buffer.active.type).toBe('alternate');
	await desk.lateJoinerSeesTheSame();
	driver.type(':wq\r');
	await desk.prompt();
	await desk.run('clear; head -1 lines');
	expect(shownBy(driver)).toMatch(/^from vim\n/);

	driver.type('less lines\r');
	await desk.shows(/^from vim\n1\n/);
	driver.type('G');
	await desk.shows(/\n200\n/);
	await desk.lateJoinerSeesTheSame();
	driver.type('q');
	await desk.prompt();

	for (const [program, sign] of [
		['top', /load average/],
		['htop', /Load average|F10/],
	] as const) {
		driver.type(`${program}\r`);
		await desk.shows(sign);
		await desk.lateJoinerSeesTheSame();
		driver.type('q');
		await desk.prompt();
	}

	// The terminal says where it was clicked, to who asked for it.
	driver.type('clear; printf \'\\e[?1002h\\e[?1006h\'; read -rsd M click; echo "${click@Q}"\r');
	await driver.until(() => driver.screen.modes.mouseTrackingMode === 'drag');
	const late = await desk.lateJoinerSeesTheSame();
	expect(late.screen.modes.mouseTrackingMode).toBe('drag');
	expect(late.last('snapshot')!.data).toContain('\x1b[?1006h');
	driver.type('\x1b[<0;7;9M');
	await desk.shows(/0;7;9/);
	await desk.prompt();
	await desk.run("printf '\\e[?1002l\\e[?1006l'; clear");

	// Lines that are pasted wait for Enter.
	expect(driver.screen.modes.bracketedPasteMode).toBe(true);
	driver.type('\x1b[200~echo one-$((1+1))\necho two-$((1+1))\x1b[201~');
	await desk.shows(/echo two/);
	expect(shownBy(driver)).not.toContain('one-2');
	await desk.lateJoinerSeesTheSame();
	driver.type('\r');
	await desk.shows(/one-2\ntwo-2/);
	await desk.prompt();

	await desk.run('clear; docker run -dit --name kept -e PS1="in-box " python:3.13-slim sh');
	driver.type('docker attach kept\r');
	driver.type('\r');
	await desk.shows(/in-box /);
	await desk.resize(84, 26);
	driver.type('until [ "$(stty size)" = "26 84" ]; do sleep 0.1; done; echo fits-$((1+1))\r');
	await desk.shows(/fits-2/);
	await desk.lateJoinerSeesTheSame();
	driver.type('\x10\x11');
	await desk.prompt();
	await desk.run('clear; docker ps --format "{{.Names}} {{.State}}"');
	expect(shownBy(driver)).toContain('kept running');
}, 180_000);
