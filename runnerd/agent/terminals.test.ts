// The agent's terminals as the agent alone keeps them: tape, window, shells.

import { access, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { AgentClient } from './client.ts';
import { appears, testAgent, type TestAgent } from './testing.ts';

const TERMINAL = { terminal: '1' };

type Place = { offset: number; end: number; gap: boolean };

/** One connection that has attached terminal 1, and what it was told. */
class Listener {
	readonly client: AgentClient;
	output = '';
	bytes = 0;
	/** Offset of the next byte; outputs must follow each other. */
	offset = 0;
	readonly events: Record<string, unknown>[] = [];
	#changed = () => {};

	private constructor(client: AgentClient, acks: boolean) {
		this.client = client;
		for (const ev of ['terminal.from', 'terminal.size', 'terminal.shell']) {
			client.on(ev, (header) => {
				if (ev === 'terminal.from') this.offset = Number(header['offset']);
				this.events.push(header);
				this.#changed();
			});
		}
		client.on('terminal.output', ({ offset }, body) => {
			expect(offset).toBe(this.offset);
			this.offset += body.length;
			this.bytes += body.length;
			this.output = (this.output + body.toString('latin1')).slice(-4096);
			if (acks) client.notify('terminal.ack', { ...TERMINAL, bytes: this.bytes });
			this.#changed();
		});
	}

	static async attach(agent: TestAgent, from = 0, acks = true): Promise<Listener> {
		const listener = new Listener(new AgentClient(await agent.open()), acks);
		const { client } = listener;
		await client.request('terminal.open', { ...TERMINAL, cols: 80, rows: 24 });
		expect(await client.request('terminal.attach', { ...TERMINAL, from })).toMatchObject({
			ok: true,
		});
		return listener;
	}

	type(text: string) {
		return this.client.request('terminal.input', TERMINAL, Buffer.from(text));
	}

	async until(condition: () => boolean): Promise<void> {
		const deadline = AbortSignal.timeout(20_000);
		while (!condition()) {
			deadline.throwIfAborted();
			await new Promise<void>((resolve, reject) => {
				this.#changed = resolve;
				deadline.addEventListener('abort', () => reject(new Error(`never: ${condition}`)), {
					once: true,
				});
			});
		}
	}
}

test('sizes and shells are told where they were, in every replay alike', async () => {
	await using agent = await testAgent();
	const first = await Listener.attach(agent);
	await first.type('echo A-$((1+1))\r');
	await first.until(() => first.output.includes('A-2'));
	await first.client.request('terminal.resize', { ...TERMINAL, cols: 100, rows: 30 });
	await first.type('stty size; exit\r');
	await first.until(() => first.events.some(({ ev }) => ev === 'terminal.shell'));
	const again = await Listener.attach(agent);
	await again.until(() => again.offset >= first.offset);
	expect(again.events[0]).toMatchObject({
		ev: 'terminal.from',
		offset: 0,
		gap: false,
		cols: 80,
		shell: 1,
	});
	expect(again.events.slice(1)).toEqual(first.events.slice(1));
	expect(again.output).toBe(first.output);
	const middle = await Listener.attach(agent, first.offset);
	await middle.until(() => middle.events.length > 0);
	expect(middle.events[0]).toMatchObject({ offset: first.offset, gap: false, cols: 100, rows: 30 });
});

test('an offset that the tape no longer has, or never had, is a gap', async () => {
	await using agent = await testAgent();
	const first = await Listener.attach(agent);
	await first.type('seq 1 300000; echo end-$((1+1))\r');
	await first.until(() => first.output.includes('end-2'));
	const old = await Listener.attach(agent, 10);
	await old.until(() => old.events.length > 0);
	const [from] = old.events as Place[];
	expect(from!.gap).toBe(true);
	expect(from!.end - from!.offset).toBe(1024 * 1024);
	const future = await Listener.attach(agent, 1e9);
	await future.until(() => future.events.length > 0);
	// The prompt may have come meanwhile.
	const [last] = future.events as Place[];
	expect(last!.gap).toBe(true);
	expect(last!.end).toBeGreaterThanOrEqual(from!.end);
	expect(last!.offset).toBe(last!.end);
});

test('a shell waits for a connection that is behind, but not for ever', async () => {
	await using agent = await testAgent();
	const silent = await Listener.attach(agent, 0, false);
	await silent.type('seq 1 400000; touch gone\r');
	await silent.until(() => silent.bytes >= 256 * 1024);
	// A window, and the piece that filled it.
	expect(silent.bytes).toBeLessThan(256 * 1024 + 32 * 1024);
	await expect(access(`${agent.root}/gone`)).rejects.toThrow();
	await appears(`${agent.root}/gone`);
	// What it missed is told as a gap once it has caught up.
	silent.client.notify('terminal.ack', { ...TERMINAL, bytes: silent.bytes });
	await silent.until(() => silent.events.length === 2);
	expect(silent.events[1]).toMatchObject({ ev: 'terminal.from', gap: true });
});

test('a connection that keeps up is not slowed by one that does not', async () => {
	await using agent = await testAgent();
	await Listener.attach(agent, 0, false);
	const quick = await Listener.attach(agent);
	await quick.type('seq 1 400000; echo end-$((1+1))\r');
	await quick.until(() => quick.output.includes('end-2'));
	expect(quick.events.filter(({ gap }) => gap)).toEqual([]);
});

test('what nobody reads is refused at last, and Ctrl-C works all the same', async () => {
	await using agent = await testAgent();
	const listener = await Listener.attach(agent);
	await listener.type('echo begun-$((1+1)); cat > /dev/null < <(sleep 1000)\r');
	// An interrupt that comes before there is anything to interrupt is none.
	await listener.until(() => listener.output.includes('begun-2'));
	const lines = 'x\r'.repeat(8000);
	let reply = await listener.type(lines);
	for (let n = 0; n < 10 && reply.ok; n += 1) reply = await listener.type(lines);
	expect(reply).toMatchObject({ ok: false, code: 'input-full' });
	await listener.type('\x03');
	await listener.until(() => listener.output.includes('^C'));
	await listener.type('echo free-$((1+1))\r');
	await listener.until(() => listener.output.includes('free-2'));
});

test('a program that lets go of the terminal leaves it to a new shell', async () => {
	await using agent = await testAgent();
	const listener = await Listener.attach(agent);
	await listener.type('echo pid=$$=; exec sleep 1000 </dev/null >/dev/null 2>&1\r');
	await listener.until(() => listener.events.some(({ ev }) => ev === 'terminal.shell'));
	await listener.until(() => /pid=\d+=/.test(listener.output));
	const pid = /pid=(\d+)=/.exec(listener.output)![1]!;
	await ends(pid);
	for (let reply = await listener.type('echo new-$((1+1))\r'); !reply.ok;) {
		expect(reply.code).toBe('input-full');
		reply = await listener.type('echo new-$((1+1))\r');
	}
	await listener.until(() => listener.output.includes('new-2'));
});

test.each([
	['terminal.open', { terminal: '9', cols: 80, rows: 24 }, 'no-terminal'],
	['terminal.open', { terminal: ['1'], cols: 80, rows: 24 }, 'no-terminal'],
	['terminal.open', { terminal: '2', cols: '80', rows: 24 }, 'malformed'],
	['terminal.attach', { terminal: '2' }, 'no-terminal'],
	['terminal.attach', { terminal: '1', from: -1 }, 'malformed'],
	['terminal.ack', { terminal: '1', bytes: 1.5 }, 'malformed'],
	['terminal.resize', { terminal: '1', cols: true, rows: 24 }, 'malformed'],
] as const)('%s %o is refused as %s', async (op, header, code) => {
	await using agent = await testAgent();
	const { client } = await Listener.attach(agent);
	expect(await client.request(op, header)).toMatchObject({ ok: false, code });
	expect(await client.request('hello')).toMatchObject({ ok: true });
});

test('an idle agent uses little memory', async () => {
	await using agent = await testAgent();
	const listener = await Listener.attach(agent);
	await listener.until(() => listener.output.length > 0);
	const status = await readFile(`/proc/${agent.pid}/status`, 'utf8');
	expect(Number(/RssAnon:\s+(\d+)/.exec(status)![1])).toBeLessThan(12 * 1024);
});

async function ends(pid: string): Promise<void> {
	for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
		try {
			await access(`/proc/${pid}`);
		} catch {
			return;
		}
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	throw new Error(`${pid} did not end`);
}
