// The port of a class with TLS, with a certificate of our own making, as different clients knock at it.

import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as plainRequest, type IncomingMessage, type Server } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../web/config.ts';
import { createEntrance } from '../../web/src/server/entrance.ts';
import { openOwnCertificate } from './own-certificate.ts';

let server: Server;
let dir: string;
let file: string;
let pem: string;
let port: number;

beforeAll(async () => {
	dir = await mkdtemp(join(tmpdir(), 'containrlab-entrance-'));
	file = join(dir, 'tls.pem');
	await openOwnCertificate(file, ['localhost', '127.0.0.1']);
	pem = await readFile(file, 'utf8');
	const names = { origin: undefined, hosts: [], lanOrigin: undefined };
	const site = { ...names, secure: true, ownCertificate: true };
	server = createEntrance(
		(request, response) => void text(request).then((body) => response.end(`got ${body}`)),
		{ certificate: pem, key: pem },
		site,
	);
	server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 Upgraded\r\n\r\nhello'));
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
	server.closeAllConnections();
	server.close();
	await rm(dir, { recursive: true });
});

async function ask(
	secure: boolean,
	{ body, ...options }: { method?: string; path?: string; host?: string; body?: string } = {},
) {
	const base = { port, path: options.path ?? '/', method: options.method ?? 'GET' };
	const headers = { host: options.host ?? `127.0.0.1:${port}` };
	const sent = (secure ? secureRequest : plainRequest)({
		...{ ...base, host: '127.0.0.1', headers, ca: pem, agent: false },
	});
	sent.end(body);
	const [response] = (await once(sent, 'response')) as [IncomingMessage];
	const { statusCode: status, headers: got } = response;
	return { status, location: got.location, text: await text(response) };
}

it('is known to web as a certificate that no browser knows', async () => {
	const config = readConfig({
		...{ DATABASE_URL: 'postgres://nowhere', SYNC_TOKEN_FILE: file, RUNNERD_TOKEN_FILE: file },
		...{ TICKET_PRIVATE_KEY_FILE: file, WEB_LISTEN: '*:7400' },
		...{ WEB_TLS_CERT_FILE: file, WEB_TLS_KEY_FILE: file },
	});
	expect(config.site).toMatchObject({ secure: true, ownCertificate: true });
	expect(config.listen).toEqual({ host: undefined, port: 7400 });
});

it('speaks TLS with whoever trusts the certificate', async () => {
	const body = 'x'.repeat(200_000);
	expect(await ask(true, { method: 'POST', body })).toMatchObject({
		status: 200,
		text: `got ${body}`,
	});
});

it('leads plain http to https on the same port, whatever the path', async () => {
	expect(await ask(false, { path: '/j/ABCDE?x=1' })).toMatchObject({
		status: 307,
		location: `https://127.0.0.1:${port}/j/ABCDE?x=1`,
	});
});

it.each([
	['a form, whose content has gone in the open already', { method: 'POST', body: 'password=x' }],
	['someone else’s name', { host: 'rebound.example' }],
])('leads nowhere: %s', async (_what, options) => {
	const answered = await ask(false, options);
	expect(answered).toMatchObject({ status: 400, location: undefined });
	expect(answered.text).toContain('https://');
});

it('upgrades sockets over TLS alone', async () => {
	const head = `GET /s HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
	const secure = connectTls({ port, host: '127.0.0.1', ca: pem, servername: 'localhost' });
	secure.write(head);
	expect(await text(secure)).toContain('hello');
	const plain = connect(port, '127.0.0.1');
	plain.write(head);
	expect(await text(plain)).not.toContain('hello');
});

it('outlives what is neither', async () => {
	for (const junk of [Buffer.from([22, 3, 1, 0xff, 0xff, 0]), Buffer.from('\0\0\0junk\r\n\r\n')]) {
		const socket = connect(port, '127.0.0.1');
		socket.on('error', () => {});
		socket.resume().end(junk);
		await once(socket, 'close');
	}
	expect((await ask(true)).status).toBe(200);
});
