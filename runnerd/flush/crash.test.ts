// What dies at any moment loses nothing: runnerd, the agent, sync.

import { appendFile, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { filesOf, liveFiles, renameFile } from '@containrlab/protocol/workspace-doc.ts';
import { AgentFiles } from './agent-files.ts';
import { TestWorkspace, until } from './testing.ts';

/** Kills the flush, lets both sides go on, starts another, and waits until they agree. */
async function over(ws: TestWorkspace, meanwhile: () => unknown): Promise<void> {
	ws.kill();
	await meanwhile();
	await ws.start();
	await ws.flush.drain();
}

test('edits of both sides while runnerd is dead come together', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\ntwo\nthree\n' });
	await over(ws, async () => {
		ws.text('f').insert(0, 'editor\n');
		await appendFile(ws.at('f'), 'shell\n');
	});
	expect(ws.docText('f')).toBe('editor\none\ntwo\nthree\nshell\n');
	expect(await ws.read('f')).toBe(ws.docText('f'));
});

test('deletions of both sides while runnerd is dead stay deleted', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\ntwo\nthree\n', gone: 'x\n' });
	await over(ws, async () => {
		ws.text('f').delete(0, 4);
		await writeFile(ws.at('f'), 'one\ntwo\n');
		await rename(ws.at('gone'), ws.at('moved'));
	});
	expect(ws.docText('f')).toBe('two\n');
	expect(await ws.diskFiles()).toEqual({ f: 'two\n', moved: 'x\n' });
	expect(ws.docPaths()).toEqual(['f', 'moved']);
});

test('killed before sync had it: what the shell wrote is taken again', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	ws.server.held = true;
	await appendFile(ws.at('f'), 'shell\n');
	await until(() => ws.room.doc.getMap('files').toJSON() && roomText(ws).includes('shell'));
	await over(ws, () => {
		// The dead peer's copy is lost, the server's was never told.
		ws.server.held = false;
	});
	expect(ws.docText('f')).toBe('one\nshell\n');
	expect(await ws.read('f')).toBe('one\nshell\n');
});

test.each([
	['moved', (ws: TestWorkspace, id: string) => renameFile(ws.server.doc, id, 'g')],
	['made executable', (ws: TestWorkspace, id: string) => setMode(ws.server.doc, id, 0o755)],
])('killed before sync had it, and the file already %s', async (_how, change) => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	const before = await looks(ws);
	ws.server.held = true;
	await appendFile(ws.at('f'), 'shell\n');
	await until(() => roomText(ws).includes('shell'));
	change(ws, ws.file('f')!.id);
	await until(async () => (await looks(ws)) !== before);
	await over(ws, () => {
		ws.server.held = false;
	});
	const [path] = ws.docPaths();
	expect(ws.docText(path!)).toBe('one\nshell\n');
	expect(await ws.diskFiles()).toEqual({ [path!]: 'one\nshell\n' });
});

test('killed before sync had it, and the merge already on disk', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	ws.server.held = true;
	// Reaches runnerd's copy alone, as an edit that sync has not made durable.
	const peer = new Y.Doc();
	Y.applyUpdate(peer, Y.encodeStateAsUpdate(ws.room.doc));
	const [file] = liveFiles(peer);
	file?.text?.insert(0, 'early\n');
	await appendFile(ws.at('f'), 'shell\n');
	Y.applyUpdate(ws.room.doc, Y.encodeStateAsUpdate(peer), 'server');
	await until(async () => (await ws.read('f')) === 'early\none\nshell\n');
	await over(ws, () => {
		ws.server.held = false;
		ws.text('f').insert(0, 'late\n');
	});
	const text = ws.docText('f');
	for (const line of ['late\n', 'early\n', 'one\n', 'shell\n'])
		expect(text.split(line)).toHaveLength(2);
	expect(await ws.read('f')).toBe(text);
});

test('killed after sync had it, before the record was kept: nothing comes twice', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	await appendFile(ws.at('f'), 'shell\n');
	await until(() => ws.docText('f') === 'one\nshell\n');
	await over(ws, async () => {
		ws.text('f').insert(4, 'between\n');
		await appendFile(ws.at('f'), 'more\n');
	});
	expect(ws.docText('f')).toBe('one\nbetween\nshell\nmore\n');
	expect(await ws.read('f')).toBe('one\nbetween\nshell\nmore\n');
});

test('killed after a merge was written, before its record was kept: nothing comes twice', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	ws.server.silent = true;
	await appendFile(ws.at('f'), 'shell\n');
	await until(() => ws.docText('f') === 'one\nshell\n');
	ws.text('f').insert(0, 'typed\n');
	await until(async () => (await ws.read('f')) === 'typed\none\nshell\n');
	await over(ws, async () => {
		ws.server.silent = false;
		ws.text('f').insert(0, 'late\n');
		await appendFile(ws.at('f'), 'more\n');
	});
	expect(ws.docText('f')).toBe('late\ntyped\none\nshell\nmore\n');
	expect(await ws.read('f')).toBe(ws.docText('f'));
});

test('killed before the record of a binary file was kept, which is then overwritten', async () => {
	await using ws = await TestWorkspace.open();
	await writeFile(ws.at('data'), Buffer.from([0, 1]));
	await until(() => ws.file('data'));
	await ws.flush.drain();
	ws.server.silent = true;
	await writeFile(ws.at('data'), Buffer.from([0, 1, 2]));
	await until(() => ws.file('data')?.size === 3);
	await over(ws, async () => {
		ws.server.silent = false;
		await writeFile(ws.at('data'), Buffer.from([0, 1, 2, 3]));
	});
	// No second file for bytes that nobody has.
	expect(ws.docPaths()).toEqual(['data']);
	expect(ws.file('data')!.size).toBe(4);
});

test('what a killed flush had still asked for is not done any more', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	const killed = new AgentFiles(ws.client);
	const { id } = ws.file('f')!;
	await ws.reconnect();
	await expect(killed.read('f', id)).rejects.toMatchObject({ code: 'superseded' });
	await expect(killed.retire(id)).rejects.toMatchObject({ code: 'superseded' });
});

test('a new file of the shell is not taken twice', async () => {
	await using ws = await TestWorkspace.open();
	await writeFile(ws.at('new'), 'a\n');
	await until(() => ws.file('new'));
	await over(ws, () => appendFile(ws.at('new'), 'b\n'));
	expect(ws.docPaths()).toEqual(['new']);
	expect(ws.docText('new')).toBe('a\nb\n');
});

test('killed before the record of a new file was kept, which the editor then renames', async () => {
	await using ws = await TestWorkspace.open();
	ws.server.silent = true;
	await writeFile(ws.at('new'), 'a\n');
	await until(() => ws.file('new'));
	await over(ws, async () => {
		ws.server.silent = false;
		renameFile(ws.editor, ws.file('new')!.id, 'named');
		await appendFile(ws.at('new'), 'b\n');
	});
	expect(ws.docPaths()).toEqual(['named']);
	expect(await ws.diskFiles()).toEqual({ named: 'a\nb\n' });
});

test('killed at any moment of typing and writing', { timeout: 60_000 }, async () => {
	await using ws = await TestWorkspace.open({ f: 'start\n' });
	const tokens: string[] = [];
	for (let n = 0; n < 12; n += 1) {
		ws.text('f').insert(0, `<e${n}>\n`);
		tokens.push(`<e${n}>`, `<s${n}>`);
		await appendFile(ws.at('f'), `<s${n}>\n`);
		await new Promise((resolve) => setTimeout(resolve, n * 7));
		ws.kill();
		await ws.start();
	}
	await ws.flush.drain();
	const text = ws.docText('f');
	for (const token of tokens) expect(text.split(token), token).toHaveLength(2);
	expect(await readFile(ws.at('f'), 'utf8')).toBe(text);
});

test('the agent is killed, and both sides go on', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	await ws.agent.restart();
	await appendFile(ws.at('f'), 'shell\n');
	ws.text('f').insert(0, 'editor\n');
	await ws.reconnect();
	await ws.flush.drain();
	expect(await ws.read('f')).toBe('editor\none\nshell\n');
	expect(ws.docText('f')).toBe('editor\none\nshell\n');
	await appendFile(ws.at('f'), 'watched\n');
	await until(() => ws.docText('f').endsWith('watched\n'));
});

test('another volume has none of the old one: all is written again', async () => {
	await using first = await TestWorkspace.open({ f: 'one\n', 'd/g': 'two\n' });
	await using second = await TestWorkspace.open({}, first.server);
	expect(await second.diskFiles()).toEqual({ f: 'one\n', 'd/g': 'two\n' });
});

/** Names and modes of what is on disk. */
async function looks(ws: TestWorkspace): Promise<string> {
	const names = await readdir(ws.agent.root);
	const modes = names.map(async (name) => `${name} ${(await stat(ws.at(name))).mode}`);
	return (await Promise.all(modes)).join();
}

const setMode = (doc: Y.Doc, id: string, mode: number) => filesOf(doc).get(id)?.set('mode', mode);

const roomText = (ws: TestWorkspace): string =>
	JSON.stringify(ws.room.doc.getMap('files').toJSON());
