// Docker's own variables, read as its command reads them.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEnginePlace } from './address.ts';

const ssh = (destination: string, port?: number, remoteSocket = '/var/run/docker.sock') => ({
	...{ protocol: 'ssh', destination, port, remoteSocket },
});

test.each([
	['', { socketPath: '/var/run/docker.sock' }],
	['unix:///run/user/1000/docker.sock', { socketPath: '/run/user/1000/docker.sock' }],
	['tcp://10.0.0.7:2375', { protocol: 'http', host: '10.0.0.7', port: 2375 }],
	['tcp://engine.local', { protocol: 'http', host: 'engine.local', port: 2375 }],
	['tcp://[fd00::7]:2375', { protocol: 'http', host: 'fd00::7', port: 2375 }],
	['ssh://engine', ssh('engine')],
	['ssh://ada@engine.local:2222', ssh('ada@engine.local', 2222)],
	['ssh://ada@engine/run/docker.sock', ssh('ada@engine', undefined, '/run/docker.sock')],
])('%s', async (text, place) => {
	expect(await readEnginePlace({ DOCKER_HOST: text })).toEqual(place);
});

test.each([
	'engine',
	'ftp://engine',
	'tcp://',
	'ssh://-oProxyCommand=evil',
	'ssh://a%20b@engine',
	'ssh://engine/run/a%20b',
	'ssh://-x@engine',
])('%s is refused in words', async (text) => {
	await expect(readEnginePlace({ DOCKER_HOST: text })).rejects.toThrow('it must be');
});

test('TLS takes the certificates of DOCKER_CERT_PATH, and says which are missing', async () => {
	const directory = await mkdtemp(join(tmpdir(), 'certificates-'));
	const environment = {
		DOCKER_HOST: 'tcp://engine:2376',
		DOCKER_TLS_VERIFY: '1',
		DOCKER_CERT_PATH: directory,
	};
	await expect(readEnginePlace(environment)).rejects.toThrow(directory);
	for (const name of ['ca', 'cert', 'key']) await writeFile(join(directory, `${name}.pem`), name);
	const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => Buffer.from(name));
	expect(await readEnginePlace(environment)).toEqual({
		...{ protocol: 'https', host: 'engine', port: 2376, ca, cert, key },
	});
	await rm(directory, { recursive: true });
});
