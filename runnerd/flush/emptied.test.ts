// A program that empties a file and is held up before it writes it: the disk is never taken for the
// program's word that all is gone.

import { open, truncate } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TestWorkspace, until } from './testing.ts';

/** As an editor saves on a machine with too much to do. */
async function saveSlowly(path: string, text: string): Promise<void> {
	await using file = await open(path, 'w');
	await delay(500);
	await file.write(text);
	await file.sync();
}

test('an editor that is slow to save keeps what the browser typed since it read', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\ntwo\n' });
	await ws.read('f');
	ws.text('f').insert(8, 'from the browser');
	await until(async () => (await ws.read('f')).includes('browser'));
	ws.text('f').insert(24, '\n');
	await saveSlowly(ws.at('f'), 'from vim\none\ntwo\n');
	await ws.flush.drain();
	expect(ws.docText('f')).toBe('from vim\none\ntwo\nfrom the browser\n');
	expect(await ws.read('f')).toBe(ws.docText('f'));
});

test('a file that stays empty is empty, and other files wait for nothing', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n', g: 'x\n' });
	await truncate(ws.at('f'));
	ws.text('g').insert(0, 'typed ');
	await until(async () => (await ws.read('g')) === 'typed x\n');
	await until(() => ws.docText('f') === '');
	await ws.flush.drain();
	expect(await ws.diskFiles()).toEqual({ f: '', g: 'typed x\n' });
});
