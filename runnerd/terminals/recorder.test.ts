// What is kept of a terminal for review, played back as a player does.

import headless from '@xterm/headless';
import { expect, test } from 'vitest';
import { testAgent } from '../agent/testing.ts';
import type { RecordingPart } from './recorder.ts';
import { OWNER, TEACHER, TestRunner, type TestBrowser } from './testing.ts';

type Line = [at: number, code: string, text: string];

/** Of terminal `name`, by recording. */
function casts(parts: readonly RecordingPart[], name = '1'): string[] {
	const all = new Map<string, string>();
	for (const { recording, terminal, seq, cast } of parts) {
		if (terminal !== name) continue;
		expect(seq === 0).toBe(!all.has(recording));
		all.set(recording, (all.get(recording) ?? '') + cast);
	}
	return [...all.values()];
}

function linesOf(cast: string): { header: { width: number; height: number }; lines: Line[] } {
	const [header, ...lines] = cast.trimEnd().split('\n');
	return {
		header: JSON.parse(header!) as { width: number; height: number },
		lines: lines.map((line) => JSON.parse(line) as Line),
	};
}

/** The screen at the end, as `TestBrowser.text` has it. */
async function played(cast: string): Promise<string> {
	const { header, lines } = linesOf(cast);
	const options = { cols: header.width, rows: header.height, allowProposedApi: true };
	const terminal = new headless.Terminal(options);
	const written = (text: string) =>
		new Promise<void>((resolve) => terminal.write(text, () => resolve()));
	for (const [, code, text] of lines) {
		if (code === 'o') await written(text);
		const [cols, rows] = code === 'r' ? text.split('x').map(Number) : [];
		if (cols && rows) terminal.resize(cols, rows);
	}
	const { active } = terminal.buffer;
	const screen = Array.from({ length: active.length }, (_, row) => active.getLine(row));
	terminal.dispose();
	return screen.map((line) => line?.translateToString(true) ?? '').join('\n');
}

/** Ends the terminals, as runnerd does, and gives all that was recorded. */
async function recorded(runner: TestRunner): Promise<RecordingPart[]> {
	await runner[Symbol.asyncDispose]();
	return runner.recorded;
}

async function runs(browser: TestBrowser, line: string, word: string): Promise<void> {
	browser.type(`${line}; echo ${word}-$((1+1))\r`);
	await browser.shows(`${word}-2\n`);
}

test('what is shown, sizes and drivers are recorded, what is typed isn’t', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const owner = await runner.join();
	const teacher = await runner.join(TEACHER);
	await runs(owner, 'printf "\\e[32mgrün\\e[0m 你好 😀\\n"', 'colours');
	owner.say({ type: 'resize', cols: 100, rows: 30 });
	await teacher.until(() => teacher.state!.cols === 100);
	owner.type('read -rs secret; echo "len=${#secret}="\r');
	await owner.shows('echo "len');
	owner.type('hunter2\r');
	await owner.shows('len=7=');
	owner.say({ type: 'grant-control', to: TEACHER.id });
	await teacher.until(() => teacher.state!.driving);
	await runs(teacher, 'true', 'taught');
	const shown = owner.text();
	const [cast, ...more] = casts(await recorded(runner));
	expect(more).toEqual([]);
	expect(cast).not.toContain('hunter2');
	const { header, lines } = linesOf(cast!);
	expect(header).toMatchObject({ version: 2, width: 80, height: 24, title: 'Terminal 1' });
	const marks = lines.filter(([, code]) => code === 'm').map(([, , text]) => text);
	expect(marks).toEqual([`${OWNER.name} types`, `${TEACHER.name} types`]);
	expect(lines.map(([at]) => at)).toEqual(lines.map(([at]) => at).toSorted((a, b) => a - b));
	expect((await played(cast!)).trimEnd()).toContain(shown.trimEnd());
});

test('of a flood little is kept, and the screen after it', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const owner = await runner.join();
	// The picture after the flood comes in its own time; what follows it is recorded again.
	await runs(owner, 'seq 1 1000000', 'flooded');
	const keepsUp = () => linesOf(casts(runner.recorded).at(-1) ?? '{}').lines;
	for (let n = 0; !keepsUp().some(([, , text]) => text.includes('999999')); n += 1) {
		await runs(owner, 'sleep 1', `wait${n}`);
	}
	await runs(owner, 'true', 'after');
	const parts = await recorded(runner);
	const length = parts.reduce((sum, { cast }) => sum + cast.length, 0);
	expect(length).toBeLessThan(600_000);
	const [cast] = casts(parts);
	expect(cast).toContain('too much output');
	expect(await played(cast!)).toContain('after-2');
});

test('a screen with a colour for each letter costs no more than others', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const owner = await runner.join();
	owner.say({ type: 'resize', cols: 300, rows: 100 });
	await owner.until(() => owner.state!.cols === 300);
	const paint = 'for i in range(29000): print(f"\\x1b[38;2;{i>>8};{i&255};7mx",end="")';
	await runs(owner, `python3 -c '${paint}'`, 'painted');
	const said = () => casts(runner.recorded).some((cast) => cast.includes('too large'));
	for (let n = 0; !said(); n += 1) await runs(owner, 'sleep 1', `wait${n}`);
	const parts = await recorded(runner);
	expect(parts.reduce((sum, { cast }) => sum + cast.length, 0)).toBeLessThan(600_000);
});

test('each terminal has its own, also before anyone looks; the past isn’t recorded twice', async () => {
	await using agent = await testAgent();
	{
		await using runner = await TestRunner.start(agent.open);
		const owner = await runner.join();
		const second = await runner.join(OWNER, 'write', await owner.opens());
		await runs(second, 'true', 'second');
		const parts = await recorded(runner);
		expect(casts(parts, '1').join()).not.toContain('second-2');
		expect(casts(parts, '2').join()).toContain('second-2');
	}
	await using runner = await TestRunner.start(agent.open);
	// Until the agent has said which there are, only the first is known.
	await runner.join();
	const owner = await runner.join(OWNER, 'write', '2');
	expect(owner.text()).toContain('second-2');
	const before = runner.recorded.length;
	await runs(owner, 'clear', 'new');
	const casted = casts(await recorded(runner), '2');
	expect(before).toBe(0);
	expect(casted).toHaveLength(1);
	expect(casted[0]).toContain('new-2');
});

test('while nobody takes it nothing is kept, and it goes on with the screen as it is then', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	runner.recording = false;
	const owner = await runner.join();
	await runs(owner, 'true', 'alone');
	// A part is handed on, and refused, within seconds.
	await runs(owner, 'sleep 3', 'waited');
	runner.recording = true;
	await runs(owner, 'true', 'heard');
	const [cast] = casts(await recorded(runner)).slice(-1);
	expect(await played(cast!)).toMatch(/alone-2[^]*heard-2/);
});
