// Ports: the usual ones or none, and free ones that stay the same.

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '@containrlab/db/embedded.ts';
import { choosePorts } from './ports.ts';

let dir: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), 'containrlab-ports-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function occupy(port: number, host = '127.0.0.1'): Promise<AsyncDisposable> {
	const server = createServer().listen(port, host);
	await once(server, 'listening');
	return {
		[Symbol.asyncDispose]: async () => {
			server.close();
			await once(server, 'close');
		},
	};
}

test('a taken port is refused with who took it and what to do', async () => {
	const port = await freePort();
	await using _taken = await occupy(port);
	const refused = choosePorts(port, join(dir, 'ports.json'));
	await expect(refused).rejects.toThrow(`Port ${port}`);
	await expect(refused).rejects.toThrow(`--port ${port + 100}`);
});

test('for a class on the network web’s port must be free on every interface', async () => {
	const port = await freePort();
	await using _taken = await occupy(port, '127.0.0.2');
	await expect(choosePorts(port, join(dir, 'ports.json'))).resolves.toMatchObject({ web: port });
	await expect(choosePorts(port, join(dir, 'ports.json'), true)).rejects.toThrow(`Port ${port}`);
});

test('free ports differ, and the next start gets the same, except one that is taken by then', async () => {
	const file = join(dir, 'ports.json');
	const first = await choosePorts(0, file);
	expect(new Set(Object.values(first)).size).toBe(5);
	expect(await choosePorts(0, file)).toEqual(first);
	await using _taken = await occupy(first.sync);
	const { sync, ...others } = await choosePorts(0, file);
	expect(sync).not.toBe(first.sync);
	expect(first).toMatchObject(others);
});

test('a damaged memory is no obstacle', async () => {
	await writeFile(join(dir, 'ports.json'), '{"web":');
	expect(await choosePorts(0, join(dir, 'ports.json'))).toMatchObject({});
});
