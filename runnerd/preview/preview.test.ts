import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { testAgent } from '../agent/testing.ts';
import { until } from '../sandboxes/testing.ts';
import { TestPreview } from './testing.ts';

const running = new Set<Server>();
afterEach(() => {
	for (const server of running) {
		server.close();
		if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
	}
	running.clear();
});

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
	running.add(server);
	server.listen(0, host);
	await once(server, 'listening');
	return (server.address() as AddressInfo).port;
}
const app = (listener: RequestListener) => listen(createHttp(listener));
const raw = (connected: (socket: Socket) => void) =>
	listen(
		createTcp((socket) => {
			socket.on('error', () => {});
			connected(socket);
		}),
	);

test('requests and their answers pass as they are, many at a time', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	const port = await app((request, response) => {
		void text(request).then((body) => {
			response.setHeader('x-seen', request.headers['x-asked'] ?? '');
			response.writeHead(201).end(`${request.method} ${request.url} ${body}`);
		});
	});
	const answers = await Promise.all(
		Array.from({ length: 20 }, async (_, index) => {
			const options = { method: 'POST', path: `/a?b=${index}`, headers: { 'x-asked': `${index}` } };
			const answer = await preview.ask(port, options, `body ${index}`);
			return [answer.statusCode, answer.headers['x-seen'], await text(answer)];
		}),
	);
	expect(answers).toEqual(
		answers.map((_, index) => [201, `${index}`, `POST /a?b=${index} body ${index}`]),
	);
});

test('large bodies arrive whole, up and down at once', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	const content = randomBytes(12 * 1024 * 1024);
	const port = await app((request, response) => request.pipe(response));
	const answer = await preview.ask(port, { method: 'PUT' }, Readable.from([content]) as never);
	const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
	expect(sha(await buffer(answer))).toBe(sha(content));
});

test('what an app says bit by bit is heard bit by bit', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	let say: (words: string) => void = () => {};
	const port = await app((_request, response) => {
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		say = (words) => response.write(`data: ${words}\n\n`);
		say('first');
	});
	const answer = await preview.ask(port, {});
	expect(String((await once(answer, 'data'))[0])).toBe('data: first\n\n');
	say('second');
	expect(String((await once(answer, 'data'))[0])).toBe('data: second\n\n');
	answer.destroy();
});

test('a reader who stalls holds up the app alone', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	const size = 48 * 1024 * 1024;
	let made = 0;
	const port = await app((_request, response) => {
		const content = new Readable({
			read(wanted) {
				const piece = Math.min(wanted, size - made);
				made += piece;
				this.push(piece > 0 ? Buffer.alloc(piece) : null);
			},
		});
		content.pipe(response);
	});
	const quick = await app((_request, response) => response.end('quick'));
	const answer = await preview.ask(port, {});
	let before = -1;
	// Until everything between is full; the kernel's own buffers are the largest part of it.
	while (before !== made) {
		before = made;
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
	expect(made).toBeLessThan(size / 2);
	expect(await text(await preview.ask(quick, {}))).toBe('quick');
	expect((await buffer(answer)).length).toBe(size);
});

test('an app that reads nothing holds up its own sender alone', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	const port = await raw((socket) => socket.pause());
	const quick = await app((_request, response) => response.end('quick'));
	const socket = (await preview.dial(port)) as Socket;
	const piece = Buffer.alloc(64 * 1024);
	while (socket.writableLength < 32 * 1024 * 1024) socket.write(piece);
	expect(await text(await preview.ask(quick, {}))).toBe('quick');
	expect(socket.writableLength).toBeGreaterThan(8 * 1024 * 1024);
	socket.destroy();
});

test('both ends and breaks pass through', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	const echo = await listen(createTcp({ allowHalfOpen: true }, (socket) => socket.pipe(socket)));
	const half = (await preview.dial(echo)) as Socket;
	half.end('after the end of what was asked');
	expect(await text(half)).toBe('after the end of what was asked');
	const breaking = await raw((socket) => socket.once('data', () => socket.resetAndDestroy()));
	const broken = (await preview.dial(breaking)) as Socket;
	broken.on('error', () => {});
	broken.write('x');
	broken.resume();
	await once(broken, 'close');
	let closed = false;
	const noticing = await raw((socket) => socket.resume().once('close', () => (closed = true)));
	((await preview.dial(noticing)) as Socket).destroy();
	await until('the app to notice', () => closed);
});

test('an app that listens on IPv6 alone is reached', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	const server = createHttp((_request, response) => response.end('six'));
	const port = await listen(server, '::1');
	expect(await text(await preview.ask(port, {}))).toBe('six');
});

test('nobody gets through without a ticket for this port of this workspace', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	const port = await app((_request, response) => response.end());
	const other = preview.workspace.replace(/./, (first) => (first === 'a' ? 'b' : 'a'));
	const exp = Math.floor(Date.now() / 1000) - 1;
	for (const claim of [
		{ resource: `${preview.workspace}:${port + 1}` },
		{ resource: `${other}:${port}` },
		{ resource: preview.workspace },
		{ aud: 'terminal' as const },
		{ exp },
	]) {
		expect(await preview.dial(port, claim)).toBe('unauthorized');
	}
});

test('a port without anybody, and more at once than a sandbox may have, are said', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	const gone = await app(() => {});
	for (const server of running) server.close();
	expect(await preview.dial(gone)).toBe('nobody-listens');
	const port = await raw(() => {});
	const sockets = await Promise.all(Array.from({ length: 66 }, () => preview.dial(port)));
	expect(sockets.filter((each) => typeof each === 'string')).toEqual(['too-many', 'too-many']);
	(sockets[0] as Socket).destroy();
	await until('a place', async () => {
		const socket = await preview.dial(port);
		return typeof socket !== 'string' && socket.destroy();
	});
	for (const socket of sockets) if (typeof socket !== 'string') socket.destroy();
});

test('an agent that ends breaks what was open, and the next one serves again', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	const port = await app((_request, response) => response.write('begun'));
	const answer = await preview.ask(port, {});
	await once(answer, 'data');
	const broken = once(answer, 'error');
	await agent.restart();
	await broken;
	await until('the next agent', async () => {
		const socket = await preview.dial(port);
		return typeof socket !== 'string' && socket.destroy();
	});
});

test('the list of ports follows what listens', async () => {
	await using agent = await testAgent();
	await using preview = await TestPreview.start(agent.open);
	// This host's own are on it too; the lowest free one is surely among those that are listed.
	const server = createTcp();
	running.add(server);
	await preview.preview.look();
	let port = 21;
	for (let bound = false; !bound; port += 1) {
		server.listen(port, '127.0.0.1');
		bound = await Promise.race([
			once(server, 'listening').then(() => true),
			once(server, 'error').then(() => false),
		]).catch(() => false);
	}
	port -= 1;
	await until('it is told', () => preview.told.at(-1)?.includes(port));
	server.close();
	await until('its end is told', () => preview.told.at(-1)?.includes(port) === false);
});
