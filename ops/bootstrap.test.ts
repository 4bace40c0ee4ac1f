// The first program of all, in a checkout of its own: what it refuses, keeps alive, and lets end.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTime } from './supervise/identity.ts';

/** In place of the supervisor: ends when told to, or when whoever started it is gone. */
const SUPERVISOR = `
	process.on('SIGINT', () => { console.log('told SIGINT'); process.exit(0); });
	process.on('disconnect', () => process.exit(0));
	setInterval(() => {}, 1e6);
	console.log('supervisor ' + process.pid);`;

let root: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), 'containrlab-bootstrap-'));
	await mkdir(join(root, 'ops'));
	await mkdir(join(root, 'node_modules', 'node', 'bin'), { recursive: true });
	await symlink(process.execPath, join(root, 'node_modules', 'node', 'bin', 'node'));
	for (const name of ['bootstrap.mjs', 'options.mjs']) {
		await copyFile(fileURLToPath(new URL(name, import.meta.url)), join(root, 'ops', name));
	}
	await writeFile(join(root, 'ops', 'start.ts'), SUPERVISOR);
	await writeFile(join(root, 'ops', 'check.ts'), 'process.exit(7);');
	await lock({});
	await lock({}, 'node_modules/.package-lock.json');
});
afterEach(async () => {
	for (const child of children.splice(0)) child.kill('SIGKILL');
	await rm(root, { recursive: true, force: true });
});

async function lock(more: Record<string, string>, path = 'package-lock.json'): Promise<void> {
	const versions = { node: process.versions.node, ...more };
	const packages = Object.fromEntries(
		Object.entries(versions).map(([name, version]) => [`node_modules/${name}`, { version }]),
	);
	await writeFile(join(root, path), JSON.stringify({ lockfileVersion: 3, packages }));
}

function bootstrap(args: string[], env: Record<string, string> = {}) {
	const child = spawn(process.execPath, [join(root, 'ops', 'bootstrap.mjs'), ...args], {
		env: { PATH: process.env['PATH'], HOME: root, ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	children.push(child);
	let said = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
	}
	const ended = once(child, 'close').then(([code]) => code as number | null);
	const supervisors = () =>
		[...said.matchAll(/supervisor (\d+)/g)].map((match) => Number(match[1]));
	return { child, ended, said: () => said, supervisors };
}

test('a killed supervisor is started again; one that was told to end is not', async () => {
	const { child, ended, said, supervisors } = bootstrap(['start']);
	await expect.poll(supervisors, { timeout: 10_000 }).toHaveLength(1);
	process.kill(supervisors()[0]!, 'SIGKILL');
	await expect.poll(supervisors, { timeout: 10_000 }).toHaveLength(2);
	child.kill('SIGINT');
	expect(await ended).toBe(0);
	expect(said()).toContain('told SIGINT');
	expect(supervisors()).toHaveLength(2);
});

test('a supervisor ends when the one that keeps it alive is killed', async () => {
	const { child, supervisors } = bootstrap(['start']);
	await expect.poll(supervisors, { timeout: 10_000 }).toHaveLength(1);
	child.kill('SIGKILL');
	await expect.poll(() => startTime(supervisors()[0]!), { timeout: 10_000 }).toBeUndefined();
});

test('other commands run once, and their status is ours', async () => {
	expect(await bootstrap(['check']).ended).toBe(7);
	const { ended, said } = bootstrap(['chekc']);
	expect(await ended).toBe(1);
	expect(said()).toContain('There are: start, dev, test');
});

test('options are understood or refused before anything is installed', async () => {
	await lock({ 'left-out': '1.0.0' });
	const help = bootstrap(['start', '--help']);
	expect(await help.ended).toBe(0);
	expect(help.said()).toContain('--lan');
	const unknown = bootstrap(['start', '--lam']);
	expect(await unknown.ended).toBe(1);
	expect(unknown.said()).toMatch(/Unknown option '--lam'[^]*npm start -- --lan/);
	const swallowed = bootstrap(['start'], { npm_config_lan: 'true' });
	expect(await swallowed.ended).toBe(1);
	expect(swallowed.said()).toContain('Type: npm start -- --lan');
});

test('what node_modules lacks is installed, and why that fails is said in words', async () => {
	await lock({ 'left-out': '1.0.0' });
	await writeFile(
		join(root, 'package.json'),
		JSON.stringify({ name: 'x', version: '1.0.0', dependencies: { 'left-out': '1.0.0' } }),
	);
	const npm = join(root, 'bin', 'npm');
	await mkdir(join(root, 'bin'));
	const missing = bootstrap(['check'], { PATH: join(root, 'bin') });
	expect(await missing.ended).toBe(1);
	expect(missing.said()).toContain('npm was not found');

	await writeFile(npm, '#!/bin/sh\necho "npm error code ECONNREFUSED" >&2\nexit 1\n');
	await chmod(npm, 0o755);
	const unreachable = bootstrap(['check'], { PATH: `${join(root, 'bin')}:/usr/bin:/bin` });
	expect(await unreachable.ended).toBe(1);
	expect(unreachable.said()).toContain('npm can’t reach its registry');

	await writeFile(npm, '#!/bin/sh\nexit 0\n');
	const scripts = bootstrap(['check'], { PATH: `${join(root, 'bin')}:/usr/bin:/bin` });
	expect(await scripts.ended).toBe(1);
	expect(scripts.said()).toContain('install scripts disabled');
});
