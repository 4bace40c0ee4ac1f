// A student who swaps a directory for a symlink while we read and write in it reaches nothing outside
// the workspace: neither is anything of it ever read into the document, nor anything written there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AGENT } from '../agent/testing.ts';
import { TestWorkspace } from './testing.ts';

const SECRET = 'what is outside\n';
const ROUNDS = 25;

/** Exchanges two names as fast as it can, until it is killed. */
const SWAP = `
import ctypes, os, sys
libc = ctypes.CDLL(None)
a, b = (os.fsencode(name) for name in sys.argv[1:3])
print('swapping', flush=True)
while True:
    libc.renameat2(-100, a, -100, b, 2)
`;

/** What happened outside, and what of it is in the document, after much writing beneath the swaps. */
async function race(agent: string): Promise<{ outside: string[]; inDocument: boolean }> {
	await using ws = await TestWorkspace.open({ 'd/file': 'inside\n' }, undefined, agent);
	const outside = ws.at('../outside');
	await mkdir(outside);
	for (const name of ['file', 'other']) await writeFile(join(outside, name), SECRET);
	await ws.write('d/other', 'inside too\n');
	// The link stands beside the directory, and takes its name for half of the time.
	const make = spawn('ln', ['-s', outside, ws.at('link')]);
	await once(make, 'exit');
	const swapping = spawn('python3', ['-c', SWAP, ws.at('d'), ws.at('link')], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	try {
		await once(swapping.stdout, 'data');
		for (let n = 0; n < ROUNDS; n += 1) {
			ws.file('d/file')?.text?.insert(0, `typed ${n}\n`);
			ws.create(`d/new${n}`, `made ${n}\n`);
			// It may not come to rest while everything moves.
			await ws.flush.drain(60).catch(() => {});
		}
	} finally {
		const ended = once(swapping, 'exit');
		swapping.kill('SIGKILL');
		await ended;
	}
	await ws.flush.drain(60_000);
	const found: string[] = [];
	for (const name of (await readdir(outside)).sort()) {
		const content = await readFile(join(outside, name), 'utf8');
		if (content !== SECRET || !['file', 'other'].includes(name)) found.push(name);
	}
	const { length } = await readdir(outside);
	if (length < 2) found.push('something was removed');
	return { outside: found, inDocument: JSON.stringify(ws.editor.toJSON()).includes(SECRET.trim()) };
}

test('a directory swapped for a symlink leads neither reads nor writes outside', async () => {
	expect(await race(AGENT)).toEqual({ outside: [], inDocument: false });
}, 120_000);

test('without O_NOFOLLOW the same race gets out: the test would see it', async () => {
	const place = await mkdtemp(join(tmpdir(), 'agent-unguarded-'));
	try {
		await cp(AGENT, place, { recursive: true });
		const tree = join(place, 'tree.py');
		const source = await readFile(tree, 'utf8');
		const unguarded = source.replaceAll('os.O_NOFOLLOW | ', '').replaceAll(' | os.O_NOFOLLOW', '');
		expect(unguarded).not.toBe(source);
		await writeFile(tree, unguarded);
		const { outside, inDocument } = await race(place);
		expect(outside.length > 0 || inDocument).toBe(true);
	} finally {
		await rm(place, { recursive: true });
	}
}, 120_000);
