import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AgentClient } from '../agent/client.ts';
import { testAgent } from '../agent/testing.ts';
import { AgentFiles, DirtyHint } from './agent-files.ts';
import { sha256 } from './content.ts';

test('what runnerd wrote itself is no news to it, what somebody adds to that is', async () => {
	await using agent = await testAgent();
	await appendFile(join(agent.root, 'a.txt'), 'one\n');
	const client = new AgentClient(await agent.open());
	const files = new AgentFiles(client);
	const hints: DirtyHint[] = [];
	const told = new EventTarget();
	client.on('files.dirty', (header) => {
		hints.push(DirtyHint.parse(header));
		told.dispatchEvent(new Event('hint'));
	});
	const first = once(told, 'hint');
	await files.watch();
	await first;
	expect(hints.splice(0)).toMatchObject([{ rescan: true }]);
	const write = (text: string, before: string) =>
		files.write(
			{ id: 'a', path: 'a.txt', kind: 'text', doc: '', disk: '', mode: 0o644 },
			sha256(Buffer.from(before)),
			Buffer.from(text),
			'agreed',
		);
	expect(await write('one\ntwo\n', 'one\n')).toMatchObject({ written: true });
	expect(await write('1\n', 'one\ntwo\n')).toMatchObject({ written: true });
	const second = once(told, 'hint');
	await appendFile(join(agent.root, 'b.txt'), 'b');
	await second;
	expect(hints.splice(0)).toMatchObject([{ paths: ['b.txt'], rescan: false }]);
	const third = once(told, 'hint');
	await appendFile(join(agent.root, 'a.txt'), '2\n');
	await third;
	expect(hints).toMatchObject([{ paths: ['a.txt'] }]);
	client.close();
});
