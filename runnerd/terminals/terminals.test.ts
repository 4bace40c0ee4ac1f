import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { appears, testAgent } from '../agent/testing.ts';
import { OWNER, TEACHER, TestRunner } from './testing.ts';

test('what the driver types is run in the workspace and shown to everyone', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const driver = await runner.join();
	const watcher = await runner.join(TEACHER, 'read');
	driver.type('pwd; echo $TERM $LANG; jobs; echo done-$((40+2))\r');
	for (const browser of [driver, watcher]) {
		await browser.shows('done-42');
		expect(browser.text()).toContain(`${agent.root}\nxterm-256color C.UTF-8\n`);
		expect(browser.text()).not.toContain('no job control');
	}
	expect(driver.state).toMatchObject({ driver: OWNER, watchers: [TEACHER], driving: true });
	expect(watcher.state).toMatchObject({ driving: false });
	expect(runner.states.at(-1)).toEqual({ driver: 'Olga', watchers: ['Tim'] });
	expect(runner.activity).toBeGreaterThan(0);
});

test('the window of the driver reaches the programs and the watchers', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const driver = await runner.join();
	const watcher = await runner.join(TEACHER, 'read');
	driver.say({ type: 'resize', cols: 101, rows: 33 });
	await watcher.until(() => watcher.state?.cols === 101 && watcher.state.rows === 33);
	driver.type('stty size\r');
	await watcher.shows('33 101');
	const late = await runner.join(TEACHER, 'read');
	expect(late.last('snapshot')).toMatchObject({ cols: 101, rows: 33 });
});

test('after runnerd died, the shell is the same and shows what it printed meanwhile', async () => {
	await using agent = await testAgent();
	let shell: string | undefined;
	{
		await using runner = await TestRunner.start(agent.open);
		const driver = await runner.join();
		driver.say({ type: 'resize', cols: 120, rows: 30 });
		driver.type('echo shell=$$=\r');
		await driver.until(() => /shell=\d+=/.test(driver.text()));
		shell = /shell=\d+=/.exec(driver.text())![0];
		driver.type('(until [ -e go ]; do sleep 0.05; done; echo mean-while; touch gone) &\r');
		await driver.until(() => /\[1\] \d+/.test(driver.text()));
	}
	await writeIn(agent.root, 'go');
	await appears(`${agent.root}/gone`);
	await using runner = await TestRunner.start(agent.open);
	const driver = await runner.join();
	// In the first snapshot already: what was printed doesn't pass by once more.
	expect(driver.last('snapshot')).toMatchObject({ cols: 120, rows: 30 });
	expect(driver.last('snapshot')!.data).toContain('mean-while');
	expect(driver.count('restarted')).toBe(0);
	driver.type('clear; echo shell=$$=\r');
	await driver.shows(shell);
});

test('a broken stream to the agent loses and doubles nothing', async () => {
	await using agent = await testAgent();
	const streams: { destroy(): unknown }[] = [];
	await using runner = await TestRunner.start(async () => {
		const stream = await agent.open();
		streams.push(stream);
		return stream;
	});
	const driver = await runner.join();
	driver.type('for i in {1..400}; do echo line-$i; sleep 0.002; done; echo all\r');
	for (const seen of ['line-50', 'line-150', 'line-250']) {
		await driver.shows(seen);
		streams.at(-1)!.destroy();
	}
	await driver.shows('\nall\n');
	const lines = driver.text().match(/^line-\d+$/gm);
	expect(lines).toEqual(Array.from({ length: 400 }, (_, index) => `line-${index + 1}`));
	expect(streams.length).toBe(4);
});

test('a new shell comes when one ends, and when the agent was restarted', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const driver = await runner.join();
	driver.type('printf "\\e[?1049h\\e[?25l"; exit\r');
	await driver.until(() => driver.count('restarted') === 1);
	driver.type('echo one-$((1+1))\r');
	await driver.shows('one-2');
	expect(driver.screen.buffer.active.type).toBe('normal');
	await agent.restart();
	await driver.until(() => driver.count('restarted') === 2);
	driver.type('echo two-$((1+1))\r');
	await driver.shows('two-2');
	expect(driver.text()).not.toContain('one-2');
});

test('characters that arrive in pieces are whole, for late joiners too', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const driver = await runner.join();
	driver.type('clear; printf "a\\xf0\\x9f"; until [ -e go ]; do sleep 0.02; done; ');
	driver.type(
		'printf "\\x98\\x80b\\e[3"; until [ -e on ]; do sleep 0.02; done; printf "1mred\\n"\r',
	);
	await driver.until(() => driver.text().startsWith('a'));
	const inCharacter = await runner.join(TEACHER, 'read');
	await writeIn(agent.root, 'go');
	await driver.until(() => driver.text().startsWith('a😀b'));
	const inSequence = await runner.join(TEACHER, 'read');
	await writeIn(agent.root, 'on');
	for (const browser of [driver, inCharacter, inSequence]) {
		await browser.until(() => browser.text().startsWith('a😀bred\n'));
		expect(browser.screen.buffer.active.getLine(0)!.getCell(4)!.getFgColor()).toBe(1);
	}
});

test('a late joiner sees scrollback and the alternate screen as they are', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const driver = await runner.join();
	driver.type('seq 1 300; printf "\\e[?1049h\\e[H\\e[?25lfull\\e[5;7Hscreen"; read; ');
	driver.type('printf "\\e[?1049l\\e[?25h"; echo back\r');
	await driver.until(() => /^full\n+ +screen/.test(driver.text()));
	const late = await runner.join(TEACHER, 'read');
	expect(late.screen.buffer.active.type).toBe('alternate');
	expect(late.text()).toBe(driver.text());
	expect(late.screen.buffer.active.cursorX).toBe(driver.screen.buffer.active.cursorX);
	expect(late.last('snapshot')!.data).toContain('\x1b[?25l');
	driver.type('\r');
	await late.until(() => /\nback\n/.test(late.text()));
	await driver.until(() => driver.text() === late.text());
	expect(late.text()).toMatch(/\n57\n58\n59\n/);
});

test('a flood in one terminal stays bounded, and the other answers', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const flooded = await runner.join();
	const other = await runner.join(OWNER, 'write', await flooded.opens());
	const before = await rss(agent.pid);
	flooded.type('yes flood\r');
	await flooded.until(() => flooded.received > 1_000_000);
	const between = flooded.received;
	for (let n = 1; n <= 20; n += 1) {
		other.type(`echo n-$((${n}*1000))-\r`);
		await other.shows(`n-${n * 1000}-`);
	}
	await flooded.until(() => flooded.received > between + 1_000_000);
	expect((await rss(agent.pid)) - before).toBeLessThan(6 * 1024);
	// Ctrl-C gets through, and the shell answers.
	flooded.type('\x03');
	flooded.type('echo calm-$((1+1))\r');
	await flooded.shows('calm-2');
});

test.each([
	['leaves Ctrl-C to the terminal', 'sleep 1000', '\x03'],
	['leaves Ctrl-\\ to the terminal', 'sleep 1000', '\x1c'],
	['takes every key for itself', 'stty raw; echo; sleep 1000', undefined],
])(
	'a program that reads nothing of a long paste, and %s, can be ended',
	async (_, program, key) => {
		await using agent = await testAgent();
		await using runner = await TestRunner.start(agent.open);
		const first = await runner.join();
		const name = await first.opens();
		const driver = await runner.join(OWNER, 'write', name);
		driver.type(`${program} # runs\r`);
		await driver.shows('runs');
		for (let n = 0; n < 3; n += 1) driver.type('pasted\r'.repeat(80_000));
		await driver.until(() => driver.last('refused')?.code === 'input-full');
		expect(driver.count('refused')).toBe(1);
		if (key) {
			driver.type(key);
			// A shell forgets what comes with the signal itself.
			await driver.until(() => /[#$]$/.test(driver.text().trimEnd()));
			driver.type('echo free-$((1+1))\r');
			await driver.shows('free-2');
		} else {
			driver.say({ type: 'close-terminal', terminal: name, sure: true });
			await driver.until(() => driver.count('ended') === 1);
		}
	},
);

test('with nobody at it, a shell prints on, and the newest mebibyte is kept', async () => {
	await using agent = await testAgent();
	{
		await using runner = await TestRunner.start(agent.open);
		const driver = await runner.join();
		driver.type('until [ -e go ]; do sleep 0.05; done; seq 1 400000; touch gone\r');
		await driver.shows('until');
	}
	await writeIn(agent.root, 'go');
	await appears(`${agent.root}/gone`);
	await using runner = await TestRunner.start(agent.open);
	const driver = await runner.join();
	expect(driver.text()).toMatch(/\n399998\n399999\n400000\n/);
	// The first line isn't one that was cut.
	expect(driver.text().split('\n')[0]).toMatch(/^39\d{4}$/);
});

const rss = async (pid: number) =>
	Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]);

async function writeIn(root: string, name: string): Promise<void> {
	await writeFile(`${root}/${name}`, '');
}
