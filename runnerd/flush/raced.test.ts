// Somebody is quicker, between what the flush saw and what it does: nothing of either is lost, and
// nobody is told of a trouble that isn't one.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
	createFile,
	deleteFile,
	liveFiles,
	renameFile,
	restoreFile,
} from '@containrlab/protocol/workspace-doc.ts';
import { TestWorkspace, until } from './testing.ts';

/** `act` comes first, the next time that the flush asks the agent for `op`. */
function overtake(ws: TestWorkspace, op: string, act: () => Promise<unknown>): void {
	const { client } = ws;
	const ask = client.request.bind(client);
	client.request = async (asked, ...rest) => {
		if (asked === op) {
			client.request = ask;
			await act();
		}
		return ask(asked, ...rest);
	};
}

test('a name that somebody takes just before a file moves there', async () => {
	await using ws = await TestWorkspace.open({ f: 'moved\n' });
	overtake(ws, 'files.move', () => writeFile(ws.at('g'), 'quicker\n'));
	renameFile(ws.editor, ws.file('f')!.id, 'g');
	await until(() => ws.docPaths().length === 2);
	await ws.flush.drain();
	const found = await ws.diskFiles();
	expect(Object.keys(found)).toEqual(['g', 'g (2)']);
	expect(Object.values(found).sort()).toEqual(['moved\n', 'quicker\n']);
	expect(ws.heard.warnings).toEqual([]);
});

test('a program writes back what it has read, over what was typed meanwhile', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	const read = await readFile(ws.at('f'));
	ws.text('f').insert(4, 'typed\n');
	await ws.flush.drain();
	await writeFile(ws.at('f.new'), read);
	await rename(ws.at('f.new'), ws.at('f'));
	await ws.flush.drain();
	expect(ws.docText('f')).toBe('one\ntyped\n');
	expect(await ws.read('f')).toBe('one\ntyped\n');
});

test('a program reads a file at the place to which it was just moved', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\ntwo\n' });
	// Nobody is told that anything is durable: the move isn't put on record.
	ws.server.silent = true;
	await rename(ws.at('f'), ws.at('g'));
	await until(() => ws.file('g'));
	ws.text('g').insert(4, 'typed\n');
	await until(async () => (await stat(ws.at('g'))).size === 14);
	const read = await ws.read('g');
	ws.text('g').insert(0, 'later\n');
	await until(async () => (await stat(ws.at('g'))).size === 20);
	await writeFile(ws.at('g'), read.replace('typed', 'written\ntyped'));
	await until(() => ws.docText('g').includes('written'));
	ws.server.silent = false;
	ws.server.release();
	await ws.flush.drain();
	expect(ws.docText('g')).toBe('later\none\nwritten\ntyped\ntwo\n');
});

test('the editor makes a file anew just as the shell moves the one that is there', async () => {
	// Whichever of the two has the smaller id.
	for (const id of ['0', 'z']) {
		await using ws = await TestWorkspace.open({ 'd/f': 'one\n' });
		// When the flush looks where it was, it is gone, and nobody knows yet where to.
		overtake(ws, 'files.scan', async () => {
			createFile(ws.editor, { kind: 'text', path: 'd/f', mode: 0o644, text: 'new\n' }, id);
			await Promise.resolve();
		});
		await rename(ws.at('d'), ws.at('moved'));
		await until(() => ws.docPaths().length === 2);
		await ws.flush.drain();
		const found = await ws.diskFiles();
		expect(Object.values(found).sort()).toEqual(['new\n', 'one\n']);
		const files = liveFiles(ws.editor).filter((file) => file.kind === 'text');
		expect(files.map((file) => file.path).sort()).toEqual(Object.keys(found).sort());
	}
});

test('a file that is gone by the time it is read is gone', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	overtake(ws, 'files.read', () => rm(ws.at('f')));
	await writeFile(ws.at('f'), 'two\n');
	await until(() => ws.docPaths().length === 0);
	await ws.flush.drain();
	expect(ws.heard.logs).toEqual([]);
});

test('what is written to a file that the editor deletes meanwhile comes back', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	const { id } = ws.file('f')!;
	overtake(ws, 'files.read', () => Promise.resolve(deleteFile(ws.editor, id)));
	await writeFile(ws.at('f'), Buffer.from([0, 1]));
	await until(() => ws.file('f')?.kind === 'binary');
	await ws.flush.drain();
	expect(await readFile(ws.at('f'))).toEqual(Buffer.from([0, 1]));
});

test('bytes that the editor deletes before anybody has fetched them can be restored', async () => {
	await using ws = await TestWorkspace.open();
	const bytes = Buffer.from([0, 1]);
	await writeFile(ws.at('f'), bytes);
	await until(() => ws.file('f')?.kind === 'binary');
	const { id, sha } = ws.file('f')!;
	deleteFile(ws.editor, id);
	await until(async () => !(await ws.exists('f')));
	expect(await ws.flush.readBlob(sha!)).toEqual(bytes);
	restoreFile(ws.editor, id);
	await ws.flush.drain();
	expect(await readFile(ws.at('f'))).toEqual(bytes);
});

test('bytes that a program overwrites or removes before anybody has fetched them are still told', async () => {
	await using ws = await TestWorkspace.open();
	const [first, second] = [Buffer.from([0, 1]), Buffer.from([0, 2])];
	await writeFile(ws.at('f'), first);
	await until(() => ws.heard.blobs.length === 1);
	await writeFile(ws.at('f'), second);
	await until(() => ws.heard.blobs.length === 2);
	await rm(ws.at('f'));
	await until(() => ws.docPaths().length === 0);
	const fetched = await Promise.all(ws.heard.blobs.map((sha) => ws.flush.readBlob(sha)));
	expect(fetched).toEqual([first, second]);
});

test('a program that has a file open when the editor deletes it, and writes to it then', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	const file = await open(ws.at('f'), 'a');
	let written: Promise<void> | undefined;
	overtake(ws, 'files.remove', async () => {
		written = delay(20).then(async () => {
			await file.appendFile('late\n');
			await file.close();
		});
		await Promise.resolve();
	});
	deleteFile(ws.editor, ws.file('f')!.id);
	await until(() => written !== undefined);
	await written;
	await ws.flush.drain();
	expect(ws.docText('f')).toBe('one\nlate\n');
	expect(await ws.read('f')).toBe('one\nlate\n');
});

/** Is always just about to write a file that it has emptied. */
const REWRITE = `
import sys, time
for n in range(10**9):
    with open(sys.argv[1], 'w') as file:
        time.sleep(0.18)
        file.write(f'{n}\\n')
    if n == 0: print('rewritten', flush=True)
`;

test(
	'a file that is rewritten without a pause holds up no other',
	{ timeout: 60_000 },
	async () => {
		await using ws = await TestWorkspace.open({ f: 'one\n', busy: '0\n' });
		const rewriting = spawn('python3', ['-c', REWRITE, ws.at('busy')], {
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		const ended = once(rewriting, 'exit');
		try {
			await once(rewriting.stdout, 'data');
			for (let n = 0; n < 3; n += 1) {
				ws.text('f').insert(0, `typed ${n}\n`);
				await until(async () => (await ws.read('f')).startsWith(`typed ${n}`));
			}
			await writeFile(ws.at('g'), 'new\n');
			await until(() => ws.file('g'));
			await ws.flush.drain();
		} finally {
			rewriting.kill('SIGKILL');
			await ended;
		}
		await ws.flush.drain();
		expect(ws.docText('busy')).toBe(await ws.read('busy'));
		expect(ws.heard.logs).toEqual([]);
	},
);
