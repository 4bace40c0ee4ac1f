// A student who swaps a directory for a symlink while we read and write in it reaches nothing outside
// the workspace: neither is anything of it ever read, nor anything written there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
	cp,
	mkdir,
	mkdtemp,
	readFile,
	readdir,
	rm,
	stat,
	symlink,
	writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AgentClient } from '../agent/client.ts';
import { AGENT, testAgent } from '../agent/testing.ts';
import { AgentFiles } from './agent-files.ts';
import { sha256 } from './content.ts';
import type { Base } from './reconcile.ts';

const SECRET = 'what is outside\n';
const ROUNDS = 60;
/** Where it can get out, it does so within a few; a machine that is busy may take more. */
const ROUNDS_UNGUARDED = 5000;

/** Exchanges two names again and again, so many seconds apart, until it is killed. */
const SWAP = `
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
a, b = (os.fsencode(name) for name in sys.argv[1:3])
pause = float(sys.argv[3])
print('swapping', flush=True)
while True:
    libc.renameat2(-100, a, -100, b, 2)
    if pause: time.sleep(pause)
`;

/** How somebody got out in so many rounds of all that the agent does; undefined: they didn't. */
async function race(program: string, rounds: number): Promise<string | undefined> {
	await using agent = await testAgent(program);
	const outside = join(agent.root, '../outside');
	for (const place of [outside, join(agent.root, 'd')]) {
		await mkdir(place);
		for (const name of ['file', 'other']) {
			await writeFile(join(place, name), place === outside ? SECRET : 'inside\n');
		}
	}
	// The link stands beside the directory, and has its name for half of the time.
	await symlink(outside, join(agent.root, 'link'));
	const client = new AgentClient(await agent.open());
	const files = new AgentFiles(client);
	await files.watch();
	const names = ['d', 'link'].map((name) => join(agent.root, name));
	await using _swapping = await swap(names, 0.00005);
	try {
		for (let n = 0; n < rounds; n += 1) {
			const out = (await act(files, n)) ?? (await touched(outside));
			if (out !== undefined) return out;
		}
		return undefined;
	} finally {
		client.close();
	}
}

async function swap(names: readonly string[], pause: number): Promise<AsyncDisposable> {
	const swapping = spawn('python3', ['-c', SWAP, ...names, String(pause)], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	await once(swapping.stdout, 'data');
	return {
		async [Symbol.asyncDispose]() {
			const ended = once(swapping, 'exit');
			swapping.kill('SIGKILL');
			await ended;
		},
	};
}

/** Everything once, beneath the name that is swapped; a refusal is as good as an answer. */
async function act(files: AgentFiles, n: number): Promise<string | undefined> {
	const refused = () => undefined;
	const inside = sha256(Buffer.from('inside\n'));
	const secret = sha256(Buffer.from(SECRET));
	const record = (path: string): Base => ({
		...{ id: `id${n}`, path, kind: 'text', doc: '', disk: '', mode: 0o600, ino: 0, v: 0 },
	});
	const read = await files.read('d/file').catch(refused);
	if (read?.sha === secret) return 'a file outside was read';
	const looks = await files.scan(['d/file', 'd/other']);
	if (looks.looks.some(({ disk }) => disk?.content === secret)) return 'outside was looked at';
	const bytes = Buffer.from('inside\n');
	for (const expect of [inside, secret]) {
		await files.write(record('d/file'), expect, bytes, 'agreed').catch(refused);
	}
	await files.write(record(`d/new${n}`), null, bytes, 'agreed').catch(refused);
	await files.mkdir(record(`d/dir${n}`)).catch(refused);
	await files.symlink(record(`d/link${n}`), '/', null).catch(refused);
	await files.chmod(record('d/other')).catch(refused);
	await files.move('d/other', secret, record(`moved${n}`), '').catch(refused);
	await files.remove(`id${n}`, 'd/file', secret, '').catch(refused);
	return undefined;
}

async function touched(outside: string): Promise<string | undefined> {
	const names = (await readdir(outside)).sort();
	if (names.join() !== 'file,other') return `outside there is ${names.join()}`;
	for (const name of names) {
		const path = join(outside, name);
		if ((await readFile(path, 'utf8')) !== SECRET) return `${name} outside was written`;
		if (((await stat(path)).mode & 0o777) === 0o600) return `${name} outside was made private`;
	}
	return undefined;
}

test('a directory swapped for a symlink leads neither reads nor writes outside', async () => {
	expect(await race(AGENT, ROUNDS)).toBe(undefined);
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
		expect(await race(place, ROUNDS_UNGUARDED)).toEqual(expect.any(String));
	} finally {
		await rm(place, { recursive: true });
	}
}, 180_000);

test('renames without a pause keep nobody from an answer', async () => {
	await using agent = await testAgent();
	const names = ['a', 'b'].map((name) => join(agent.root, name));
	for (const name of names) await mkdir(name);
	await writeFile(join(agent.root, 'file'), 'inside\n');
	const client = new AgentClient(await agent.open());
	const files = new AgentFiles(client);
	await files.watch();
	await using _swapping = await swap(names, 0);
	for (let n = 0; n < 5; n += 1) {
		expect((await files.scan()).looks.length).toBeGreaterThan(0);
	}
	client.close();
}, 320_000);
