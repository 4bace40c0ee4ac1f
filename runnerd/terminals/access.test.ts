import { once } from 'node:events';
import { newId } from '@containrlab/protocol/id.ts';
import { TERMINAL_CLOSE } from '@containrlab/protocol/terminal.ts';
import { expect, test } from 'vitest';
import { testAgent } from '../agent/testing.ts';
import { OWNER, TEACHER, TestRunner, type TestBrowser } from './testing.ts';

const PEER = { id: 'peer', name: 'Pia' };

/** Types, and waits for a sign that it was run. */
async function runs(browser: TestBrowser, word: string): Promise<void> {
	browser.type(`echo ${word}-$((1+1))\r`);
	await browser.shows(`${word}-2`);
}

test.each([
	['read', TEACHER],
	['write', TEACHER],
	// The owner's own person, but with a ticket that only reads.
	['read', OWNER],
] as const)('a watcher with a %s ticket (%o) changes nothing', async (access, person) => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const driver = await runner.join();
	const watcher = await runner.join(person, access);
	watcher.type('echo evil-$((1+1))\r');
	watcher.type('echo evil-$((1+1))\r');
	watcher.say({ type: 'resize', cols: 33, rows: 11 });
	watcher.say({ type: 'grant-control', to: person.id });
	if (access === 'read') watcher.say({ type: 'ask-control' });
	watcher.say({ type: 'take-back' });
	const refusals = access === 'read' ? 4 : 3;
	await watcher.until(() => watcher.count('refused') === refusals);
	// Typing and resizing are answered once.
	expect(watcher.last('refused')).toEqual({ type: 'refused', code: 'not-allowed' });
	await runs(driver, 'good');
	driver.type('stty size\r');
	await driver.shows('24 80');
	expect(driver.text()).not.toContain('evil');
});

test('control is asked for, granted, used and taken back, for everyone to see', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const owner = await runner.join();
	const peer = await runner.join(PEER);
	const reader = await runner.join(TEACHER, 'read');

	peer.say({ type: 'ask-control' });
	await reader.until(() => reader.state!.asking[0]?.id === PEER.id);
	owner.say({ type: 'grant-control', to: PEER.id });
	await peer.until(() => peer.state!.driving);
	expect(peer.state).toMatchObject({ driver: PEER, asking: [] });
	await runs(peer, 'peer');
	owner.type('echo mine-$((1+1))\r');
	await owner.until(() => owner.last('refused')?.code === 'not-driver');

	owner.say({ type: 'take-back' });
	await owner.until(() => owner.state!.driving);
	peer.type('echo still-$((1+1))\r');
	await peer.until(() => peer.last('refused')?.code === 'not-driver');
	await runs(owner, 'owner');
	expect(owner.text()).not.toMatch(/mine|still/);
	// Whoever may only read can't be handed the keyboard.
	owner.say({ type: 'grant-control', to: TEACHER.id });
	await owner.until(() => owner.last('refused')?.code === 'not-allowed');
	expect(owner.state).toMatchObject({ driver: OWNER, driving: true });
});

test('when a guest who drives leaves, the owner drives again', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const owner = await runner.join();
	const peer = await runner.join(PEER);
	owner.say({ type: 'grant-control', to: PEER.id });
	await peer.until(() => peer.state!.driving);
	peer.socket.close();
	await owner.until(() => owner.state!.driving && owner.state!.watchers.length === 0);
	await runs(owner, 'again');
});

test('every tab of the driver types', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const [first, second] = [await runner.join(), await runner.join()];
	await runs(first, 'first');
	await runs(second, 'second');
	expect(second.state!.watchers).toEqual([]);
	first.say({ type: 'resize', cols: 90, rows: 20 });
	second.say({ type: 'resize', cols: 91, rows: 21 });
	await first.until(() => first.state!.cols === 91 && first.state!.rows === 21);
});

test('the size is that of the window that was typed into last', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const [laptop, phone] = [await runner.join(), await runner.join()];
	laptop.say({ type: 'resize', cols: 90, rows: 20 });
	await laptop.until(() => laptop.state!.cols === 90);
	await runs(laptop, 'laptop');
	const told = phone.count('state');
	phone.say({ type: 'resize', cols: 40, rows: 50 });
	// It is told to follow.
	await phone.until(() => phone.count('state') > told);
	expect(phone.state).toMatchObject({ driving: true, cols: 90, rows: 20 });
	laptop.type('stty size\r');
	await laptop.shows('20 90');
	phone.type('stty size\r');
	await phone.shows('50 40');
	await laptop.until(() => laptop.state!.cols === 40 && laptop.state!.rows === 50);
	phone.socket.close();
	await laptop.until(() => laptop.state!.cols === 90 && laptop.state!.rows === 20);
});

test('a socket without a good ticket is closed with its reason', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	await using other = await TestRunner.start(agent.open);
	const path = `/terminal/${runner.workspace}/1`;
	const closes = async (on: string, ticket?: string) =>
		(await once(runner.dial(on, ticket), 'close'))[0] as number;
	const { unauthorized, notReady, recheck } = TERMINAL_CLOSE;
	expect(await closes(path)).toBe(unauthorized.code);
	expect(await closes(path, 'rubbish')).toBe(unauthorized.code);
	// Late, but genuine: who holds it may well come back with a fresh one.
	expect(await closes(path, await runner.ticket(OWNER, 'write', -1))).toBe(recheck.code);
	// Signed by someone else, and for another workspace.
	expect(await closes(path, await other.ticket(OWNER, 'write'))).toBe(unauthorized.code);
	const elsewhere = `/terminal/${newId()}/1`;
	expect(await closes(elsewhere, await runner.ticket(OWNER, 'write'))).toBe(unauthorized.code);
	runner.terminals.close('notReady');
	expect(await closes(path, await runner.ticket(OWNER, 'write'))).toBe(notReady.code);
});

test.each(['/terminal/', '/terminal/../1', '/terminal/abcdefgh/0', '/terminal/abcdefgh/9'])(
	'%s is no terminal',
	async (path) => {
		await using agent = await testAgent();
		await using runner = await TestRunner.start(agent.open);
		const [error] = await once(runner.dial(path), 'error');
		expect(String(error)).toContain('404');
	},
);

test.each([
	['no JSON', '{'],
	['no message', '{"type":"sudo"}'],
	['a size out of bounds', '{"type":"resize","cols":100000,"rows":1}'],
	['a large one', JSON.stringify({ type: 'ask-control', pad: 'x'.repeat(5000) })],
])('a text frame that is %s closes that socket alone', async (_name, text) => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const [driver, bad] = [await runner.join(), await runner.join()];
	bad.socket.send(text);
	expect((await once(bad.socket, 'close'))[0]).toBe(TERMINAL_CLOSE.malformed.code);
	await runs(driver, 'fine');
});

test('a frame beyond the limit closes that socket alone', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const [driver, bad] = [await runner.join(), await runner.join()];
	bad.socket.send(Buffer.alloc(2 * 1024 * 1024));
	expect((await once(bad.socket, 'close'))[0]).toBe(1009);
	await runs(driver, 'fine');
});

test('one person takes no more than their places', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	for (let n = 0; n < 24; n += 1) await runner.join(PEER, 'read');
	const ticket = await runner.ticket(PEER, 'read');
	const extra = runner.dial(`/terminal/${runner.workspace}/1`, ticket);
	expect((await once(extra, 'close'))[0]).toBe(TERMINAL_CLOSE.tooMany.code);
	await runs(await runner.join(), 'mine');
});

test('a page that asks whether somebody is there is told so, also while it isn’t read', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const owner = await runner.join();
	const guest = await runner.join(PEER, 'read');
	owner.say({ type: 'ping' });
	guest.say({ type: 'ping' });
	await owner.until(() => owner.count('pong') === 1);
	await guest.until(() => guest.count('pong') === 1);
	// This reads slowly: what is typed fills every buffer, and the socket waits.
	const slow = 'while :; do head -c 30000 > /dev/null; sleep 1; done';
	owner.type(`stty -icanon -echo; echo slow-$((1+1)); ${slow}\r`);
	await owner.shows('slow-2');
	for (let n = 0; n < 8; n += 1) owner.type('x'.repeat(100_000));
	await owner.until(() => owner.count('pong') > 1);
});

test('a connection that stopped answering is ended', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open, 50);
	const driver = await runner.join();
	const gone = await runner.join(TEACHER, 'read');
	await driver.until(() => driver.state!.watchers.length === 1);
	// Half-open: pings arrive nowhere.
	gone.socket.pause();
	await driver.until(() => driver.state!.watchers.length === 0);
	expect(driver.socket.readyState).toBe(driver.socket.OPEN);
});
