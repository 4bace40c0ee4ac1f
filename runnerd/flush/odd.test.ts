// What can't or mustn't be shared: reported once, never opened, never followed, never a crash.

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createFile, liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import { TestWorkspace, until } from './testing.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a symlink to the password file is a link, and what it points to is never read', async () => {
	await using ws = await TestWorkspace.open();
	await symlink('/etc/shadow', ws.at('secrets'));
	await symlink('/etc', ws.at('etc'));
	await until(() => ws.docPaths().length === 2);
	expect(ws.file('secrets')).toMatchObject({ kind: 'link', target: '/etc/shadow' });
	expect(JSON.stringify(ws.editor.toJSON())).not.toContain('root:');
	// Nor is anything written through it.
	ws.create('etc/written-through', 'x');
	const { files } = await ws.flush.drain();
	expect(files).toContainEqual({ kind: 'link', path: 'secrets', target: '/etc/shadow' });
	await expect(readFile('/etc/written-through')).rejects.toThrow();
});

test('pipe, socket and device are reported once and never opened', async () => {
	await using ws = await TestWorkspace.open({ f: 'x' });
	const odd = ['pipe', 'sock', ...(isRoot ? ['zero'] : [])];
	await run('mkfifo', [ws.at('pipe')]);
	const listening = createServer().listen(ws.at('sock'));
	// Only the host's root can make one; in a sandbox nobody is that.
	if (isRoot) await run('mknod', [ws.at('zero'), 'c', '1', '5']);
	await until(() => ws.heard.warnings.length === odd.length);
	const { left } = await ws.flush.drain();
	expect(left).toEqual(odd.map((path) => ({ path, reason: 'special-file' })));
	expect(ws.heard.warnings.map(({ path }) => path).sort()).toEqual(odd);
	listening.close();
	ws.text('f').insert(1, 'y');
	await until(async () => (await ws.read('f')) === 'xy');
});

test('names of hostile peers never reach the disk', async () => {
	await using ws = await TestWorkspace.open({ fine: 'x' });
	for (const path of [
		'../../escaped',
		'/tmp/escaped',
		'a/../../b',
		'node_modules/x',
		'.git/hooks/x',
		'a\u202eb',
		'x\0y',
		'',
	]) {
		ws.create(path, 'hostile');
	}
	ws.editor.transact(() =>
		createFile(ws.editor, { kind: 'text', path: 'ok', mode: 0o4777, text: '' }, '../../../etc/key'),
	);
	const { left } = await ws.flush.drain();
	expect(Object.keys(await ws.diskFiles())).toEqual(['fine', 'ok']);
	expect(left).toHaveLength(8);
	expect(await ws.exists('../escaped')).toBe(false);
});

test('names that cannot be shown are left in the sandbox, and said', async () => {
	await using ws = await TestWorkspace.open();
	await writeFile(Buffer.concat([Buffer.from(`${ws.agent.root}/bad-`), Buffer.from([0xff])]), 'x');
	await ws.write('a\u202etxt.exe', 'x');
	await until(() => ws.heard.warnings.length === 2);
	expect(ws.heard.warnings.every(({ code }) => code === 'bad-name')).toBe(true);
	expect(JSON.stringify(ws.heard.warnings)).not.toContain('\u202e');
	expect(ws.docPaths()).toEqual([]);
});

test('never-synced directories are neither descended nor shared', async () => {
	await using ws = await TestWorkspace.open();
	await ws.write('node_modules/a/b.js', 'x');
	await ws.write('../src/__pycache__/m.pyc', 'x');
	await ws.write('../src/m.py', 'x');
	// At once: a directory that is seen empty is an entry of its own.
	await rename(ws.at('../src'), ws.at('src'));
	await until(() => ws.file('src/m.py'));
	await ws.flush.drain();
	expect(ws.docPaths()).toEqual(['src/m.py']);
});

test('of 2,100 files 2,000 are shared and the rest is said', { timeout: 60_000 }, async () => {
	await using ws = await TestWorkspace.open();
	const make = 'mkdir ../d; for i in $(seq 2100); do echo $i > ../d/$i; done; mv ../d d';
	await run('sh', ['-c', make], { cwd: ws.agent.root });
	const { left } = await ws.flush.drain(40_000);
	expect(liveFiles(ws.editor)).toHaveLength(2000);
	expect(left).toHaveLength(100);
	expect(ws.heard.warnings.map(({ code }) => code)).toEqual(['too-many-files']);
});

test('binary files travel as hashes, and come back to a fresh volume', async () => {
	const bytes = randomBytes(5 * 1024 * 1024);
	await using first = await TestWorkspace.open();
	await first.write('data.bin', bytes);
	await until(() => first.heard.blobs.length === 1);
	expect(first.heard.blobs).toEqual([sha(bytes)]);
	expect(await first.flush.readBlob(sha(bytes))).toEqual(bytes);
	const { files } = await first.flush.drain();
	expect(files).toMatchObject([{ kind: 'binary', path: 'data.bin', sha: sha(bytes) }]);

	await using second = await TestWorkspace.open({}, first.server);
	await until(() => second.heard.missing.length > 0);
	expect(second.heard.missing).toEqual([sha(bytes)]);
	expect(second.flush.putBlob(sha(bytes), Buffer.from('something else'))).toBe(false);
	expect(second.flush.putBlob(sha(bytes), bytes)).toBe(true);
	await until(() => second.exists('data.bin'));
	await second.flush.drain();
	expect(await readFile(second.at('data.bin'))).toEqual(bytes);
});

test('a file too large to share stays in the sandbox and is never overwritten', async () => {
	await using ws = await TestWorkspace.open({ f: 'text' });
	const huge = Buffer.alloc(9 * 1024 * 1024, 'x');
	await ws.write('f', huge);
	await until(() => ws.heard.warnings.some(({ code }) => code === 'too-large'));
	ws.text('f').insert(0, 'typed');
	const { left } = await ws.flush.drain();
	expect(left).toEqual([{ path: 'f', reason: 'too-large' }]);
	expect((await readFile(ws.at('f'))).length).toBe(huge.length);
});

test('a text that becomes binary keeps what was typed meanwhile beside it', async () => {
	await using ws = await TestWorkspace.open({ f: 'text' });
	ws.client.close();
	ws.text('f').insert(0, 'typed ');
	await ws.write('f', Buffer.from([0, 1, 2]));
	await ws.reconnect();
	await ws.flush.drain();
	const files = liveFiles(ws.editor);
	expect(files.map((file) => file.kind).sort()).toEqual(['binary', 'text']);
	expect(files.find((file) => file.kind === 'text')!.text!.toString()).toBe('typed text');
	expect(Object.keys(await ws.diskFiles())).toHaveLength(2);
});

test('two files that want one name are both kept', async () => {
	await using ws = await TestWorkspace.open();
	ws.client.close();
	ws.create('a.txt', 'from the editor\n');
	await ws.write('a.txt', 'from the shell\n');
	await ws.reconnect();
	await ws.flush.drain();
	const found = await ws.diskFiles();
	expect(Object.keys(found)).toEqual(['a (2).txt', 'a.txt']);
	expect(Object.values(found).sort()).toEqual(['from the editor\n', 'from the shell\n']);
});

test('the workspace itself is deleted and made again', async () => {
	await using ws = await TestWorkspace.open({ f: 'x', 'd/g': 'y' });
	await rm(ws.agent.root, { recursive: true });
	await until(() => ws.docPaths().length === 0);
	await until(() => ws.exists('.'));
	await ws.write('f', 'back\n');
	await until(() => ws.file('f') && ws.docText('f').includes('back'));
	// Moved away and replaced by another directory of that name.
	await rename(ws.agent.root, `${ws.agent.root}.old`);
	await mkdir(ws.agent.root).catch(() => {});
	await until(() => ws.docPaths().length === 0);
	await ws.write('g', 'seen\n');
	await until(() => ws.file('g'));
});

test('an empty directory shows, and goes', async () => {
	await using ws = await TestWorkspace.open();
	await mkdir(ws.at('empty'));
	await until(() => ws.file('empty')?.kind === 'dir');
	await rm(ws.at('empty'), { recursive: true });
	await until(() => !ws.file('empty'));
});

test('the executable bit travels both ways', async () => {
	await using ws = await TestWorkspace.open({ 'run.sh': 'echo\n' });
	await run('chmod', ['755', ws.at('run.sh')]);
	await until(() => ws.file('run.sh')!.mode === 0o755);
	await run('sh', ['-c', 'echo x > new; chmod 700 new'], { cwd: ws.agent.root });
	await until(() => ws.file('new')?.mode === 0o700);
});

test.runIf(isRoot)(
	'a full disk keeps nothing from the editor, and each file is told once',
	async () => {
		await using ws = await TestWorkspace.open();
		await mkdir(ws.at('small'));
		await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'small', ws.at('small')]);
		try {
			ws.create('small/f', 'before\n');
			await until(async () => (await ws.read('small/f')) === 'before\n');
			await run('sh', ['-c', 'cat /dev/zero > small/fill.bin || true'], { cwd: ws.agent.root });
			ws.text('small/f').insert(7, `typed on a full disk\n${'x'.repeat(5000)}\n`);
			ws.create('small/new', 'made on a full disk\n');
			const told = () => ws.heard.warnings.filter(({ code }) => code === 'no-space');
			await until(() => told().length === 2);
			expect(ws.docText('small/f')).toContain('typed on a full disk');
			await rm(ws.at('small/fill.bin'));
			await until(async () => (await ws.read('small/f')).includes('typed on a full disk'));
			await until(async () => (await ws.read('small/new')) === 'made on a full disk\n');
			expect(
				told()
					.map(({ path }) => path)
					.sort(),
			).toEqual(['small/f', 'small/new']);
		} finally {
			await run('umount', ['-l', ws.at('small')]);
		}
	},
);
