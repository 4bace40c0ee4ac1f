// A real editor in a real sandbox, whose file the browser goes on typing in: both edits stay.

import { newId } from '@containrlab/protocol/id.ts';
import { expect, test } from 'vitest';
import { AgentClient } from '../agent/client.ts';
import { ready, startRequest, TestInstance } from '../sandboxes/testing.ts';
import { TestRunner } from '../terminals/testing.ts';
import { Flush } from './flush.ts';
import { LocalServer, until } from './testing.ts';
import { createFile, liveFiles } from '@containrlab/protocol/workspace-doc.ts';

test("vim's :wq over a line typed meanwhile in the browser keeps both", async () => {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	await ready(sandboxes, workspace);
	const open = () => sandboxes.openAgent(workspace);
	const server = new LocalServer();
	const editor = server.join().doc;
	const start = 'one\ntwo\nthree\n';
	createFile(editor, { kind: 'text', path: 'f', mode: 0o644, text: start });
	const text = liveFiles(editor)[0]!.text!;
	const flush = new Flush(server.join(), {
		warning: () => {},
		blob: () => {},
		missingBlobs: () => {},
		activity: () => {},
		log: () => {},
	});
	const client = new AgentClient(await open());
	try {
		await flush.attach(client);
		await flush.drain();
		await using runner = await TestRunner.start(open);
		const terminal = await runner.join();
		terminal.type('vim f\r');
		await terminal.until(() => /^one\ntwo\nthree\n~/m.test(terminal.text()));
		const typed = 'a much newer line, longer than any ring of versions would be deep enough for\n';
		for (const letter of typed) {
			text.insert(text.toString().indexOf('one'), letter);
			await flush.drain();
		}
		terminal.type(':2d\r');
		await terminal.until(() => terminal.text().includes('one\nthree\n'));
		terminal.type(':%s/three/THREE/\r');
		await terminal.shows('one\nTHREE\n');
		terminal.type(':wq\r');
		await terminal.shows('really want to write');
		terminal.type('y');
		await until(() => text.toString().includes('THREE'));
		await flush.drain();
		expect(text.toString()).toBe(`${typed}one\nTHREE\n`);
		const inside = await sandboxes.get(workspace)!.exec(['cat', 'f'], { timeoutMs: 10_000 });
		expect(inside.stdout).toBe(text.toString());
	} finally {
		client.close();
		flush.close();
	}
}, 120_000);
