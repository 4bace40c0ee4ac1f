// A file that turns from text to something else and back, while somebody goes on typing in it who
// hasn't heard of that: what was typed stays.

import { readFile, rm, symlink } from 'node:fs/promises';
import * as Y from 'yjs';
import { expect, test } from 'vitest';
import { filesOf, liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import { TestWorkspace, until } from './testing.ts';

const NOT_TEXT = Buffer.from('a\0b');

/** Somebody whose edits are under way until they arrive. */
class Away {
	readonly #ws: TestWorkspace;
	readonly #doc = new Y.Doc();

	constructor(ws: TestWorkspace) {
		this.#ws = ws;
		Y.applyUpdate(this.#doc, Y.encodeStateAsUpdate(ws.editor));
	}

	type(path: string, typed: string): void {
		const file = liveFiles(this.#doc).find((one) => one.path === path)!;
		file.text!.insert(0, typed);
	}

	arrive(): void {
		const known = Y.encodeStateVector(this.#ws.editor);
		Y.applyUpdate(this.#ws.editor, Y.encodeStateAsUpdate(this.#doc, known));
	}
}

const kindOf = (ws: TestWorkspace, path: string) => ws.file(path)?.kind;

/** All text that files hold which aren't text. */
const hidden = (ws: TestWorkspace) =>
	[...filesOf(ws.editor).values()]
		.filter((node) => node.get('kind') !== 'text')
		.map((node) => String((node.get('text') as Y.Text | undefined) ?? ''))
		.join('');

test('what is typed into a file that has just turned binary goes on beside it', async () => {
	await using ws = await TestWorkspace.open({ 'f.txt': 'one\n' });
	const away = new Away(ws);
	await ws.write('f.txt', NOT_TEXT);
	await until(() => kindOf(ws, 'f.txt') === 'binary');
	away.type('f.txt', 'typed\n');
	away.arrive();
	await ws.flush.drain();
	expect(await ws.diskFiles()).toEqual({ 'f.txt': 'a\0b', 'f (2).txt': 'typed\n' });
	expect(ws.docText('f (2).txt')).toBe('typed\n');
	expect(hidden(ws)).toBe('');
});

test('what is typed over several keys comes beside it as one file', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	const away = new Away(ws);
	await ws.write('f', NOT_TEXT);
	await until(() => kindOf(ws, 'f') === 'binary');
	for (const letter of 'depyt') {
		away.type('f', letter);
		away.arrive();
		// Each is seen by itself.
		ws.create(letter, letter);
		await until(() => ws.exists(letter));
	}
	await ws.flush.drain();
	expect(await ws.read('f (2)')).toBe('typed');
	expect(ws.docPaths()).toHaveLength(7);
});

test('a file that turns binary and back keeps what was typed meanwhile, whenever it arrives', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	const text = ws.text('f');
	const early = new Away(ws);
	const late = new Away(ws);
	await ws.write('f', NOT_TEXT);
	await until(() => kindOf(ws, 'f') === 'binary');
	early.type('f', 'early\n');
	late.type('f', 'late\n');
	early.arrive();
	await ws.write('f', 'new\n');
	await until(() => kindOf(ws, 'f') === 'text');
	late.arrive();
	await ws.flush.drain();
	const lines = (await ws.read('f')).split('\n').sort();
	expect(lines).toEqual(['', 'early', 'late', 'new']);
	expect(ws.docText('f')).toBe(await ws.read('f'));
	// Whoever has it open types in the same text as before.
	expect(ws.text('f')).toBe(text);
	expect(ws.docPaths()).toEqual(['f']);
});

test('the same with a link, and a flush that is killed before sync has anything', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	const away = new Away(ws);
	ws.server.held = true;
	await rm(ws.at('f'));
	await symlink('nowhere', ws.at('f'));
	await until(() => liveFiles(ws.room.doc)[0]?.kind === 'link');
	ws.kill();
	ws.server.held = false;
	await ws.start();
	await until(() => kindOf(ws, 'f') === 'link');
	away.type('f', 'typed\n');
	away.arrive();
	await rm(ws.at('f'));
	await ws.write('f', 'new\n');
	await until(() => kindOf(ws, 'f') === 'text');
	await ws.flush.drain();
	const all = Object.values(await ws.diskFiles()).join('');
	expect(all.split('\n').sort()).toEqual(['', 'new', 'typed']);
	expect(hidden(ws)).toBe('');
});

test('a text with edits of its own that turns binary leaves its name to what is on disk', async () => {
	// Whichever of the two has the smaller id.
	for (let n = 0; n < 4; n += 1) {
		await using ws = await TestWorkspace.open({ f: 'text' });
		ws.client.close();
		ws.text('f').insert(0, 'typed ');
		await ws.write('f', NOT_TEXT);
		await ws.reconnect();
		await ws.flush.drain();
		expect(await readFile(ws.at('f'))).toEqual(NOT_TEXT);
		expect(await ws.read('f (2)')).toBe('typed text');
	}
});
