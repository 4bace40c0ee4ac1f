import { once } from 'node:events';
import { expect, test } from 'vitest';
import { AgentClient, AgentUnavailable, connectAgent } from './client.ts';
import { encodeHead } from './frame.ts';
import { testAgent } from './testing.ts';

test('a request is answered, an unknown one refused', async () => {
	await using agent = await testAgent();
	const client = new AgentClient(await agent.open());
	const hello = await client.request('hello');
	expect(hello).toMatchObject({ ok: true, header: { pid: agent.pid } });
	expect(await client.request('nonsense')).toMatchObject({ ok: false, code: 'unknown-op' });
	client.close();
	expect(await client.closed).toBeUndefined();
	await expect(client.request('hello')).rejects.toThrow(AgentUnavailable);
});

test.each([
	['a length beyond the limit', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
	['a header longer than its frame', Buffer.from([0, 0, 0, 8, 0, 0, 0, 9, 1, 2, 3, 4])],
	['a header that is no JSON', Buffer.from([0, 0, 0, 6, 0, 0, 0, 2, 0x7b, 0x7b])],
	['a header that is no object', Buffer.from([0, 0, 0, 6, 0, 0, 0, 2, 0x31, 0x32])],
	['a header without an operation', encodeHead({ id: 1 }, 0)],
	['a header nested too deep', deep()],
])('%s closes that connection alone', async (_name, bytes) => {
	await using agent = await testAgent();
	const other = new AgentClient(await agent.open());
	await other.request('hello');
	const stream = await agent.open();
	stream.write(bytes);
	stream.resume();
	await once(stream, 'close');
	expect(await other.request('hello')).toMatchObject({ ok: true });
	other.close();
});

test('a link reconnects and says whether the agent is the same', async () => {
	await using agent = await testAgent();
	const link = connectAgent(() => agent.open());
	const [first, { boot }] = await once(link, 'connected');
	const again = once(link, 'connected');
	(first as AgentClient).close();
	expect(await again).toMatchObject([expect.anything(), { boot }]);
	const fresh = once(link, 'connected');
	await agent.restart();
	expect((await fresh)[1].boot).not.toBe(boot);
	link.close();
});

function deep(): Buffer {
	const text = Buffer.from('['.repeat(200_000));
	const head = Buffer.alloc(8);
	head.writeUInt32BE(4 + text.length, 0);
	head.writeUInt32BE(text.length, 4);
	return Buffer.concat([head, text]);
}
