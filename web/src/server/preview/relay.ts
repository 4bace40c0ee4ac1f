// One exchange with an app: a request of its own connection each, so that nothing an app sends behind
// an answer can be taken for another's; or two sockets as one, for WebSockets.

import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline, type Duplex } from 'node:stream';
import { toApp, toBrowser, type Exchange } from './headers.ts';
import { addressesBelow } from './below.ts';

/** Of an app's answer; more is no answer that a browser would take. */
const HEADER_BYTES = 32 * 1024;

export type RelayTrouble = 'no-answer' | 'malformed';

/** Resolves with what went wrong before anything was said to the browser. */
export function relay(
	request: IncomingMessage,
	response: ServerResponse,
	app: Socket,
	path: string,
	exchange: Exchange,
): Promise<RelayTrouble | undefined> {
	return new Promise((resolve) => {
		const asked = httpRequest({
			...{ method: request.method, path, setHost: false, maxHeaderSize: HEADER_BYTES },
			headers: { ...toApp(request.headers, exchange), connection: 'close' },
			createConnection: () => app,
		});
		asked.once('response', (answer) => {
			try {
				send(answer, response, exchange);
				resolve(undefined);
			} catch {
				// A header with what no header may hold.
				app.destroy();
				resolve('malformed');
			}
		});
		// The app talks another protocol with whoever asks for it; we didn't.
		asked.once('upgrade', () => {
			app.destroy();
			resolve('malformed');
		});
		asked.on('error', (error: NodeJS.ErrnoException) => {
			resolve(error.code?.startsWith('HPE_') ? 'malformed' : 'no-answer');
			if (response.headersSent) response.destroy();
			app.destroy();
		});
		response.once('close', () => app.destroy());
		const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
		if (length === undefined && coding === undefined) asked.end();
		else pipeline(request, asked, () => {});
	});
}

function send(answer: IncomingMessage, response: ServerResponse, exchange: Exchange): void {
	const headers = toBrowser(answer.rawHeaders, exchange);
	const below = exchange.prefix === '' ? undefined : addressesBelow(answer.headers, exchange);
	const kept = below
		? headers.filter(([name]) => !/^(content-length|etag|accept-ranges)$/i.test(name))
		: headers;
	response.writeHead(answer.statusCode ?? 502, kept.flat());
	// An app that breaks off mid-way must not look as if it had finished.
	const done = (error: unknown) => error && response.destroy();
	if (below) pipeline(answer, below, response, done);
	else pipeline(answer, response, done);
}

/** Resolves with what went wrong before the app agreed, or when it answered otherwise. */
export function relayUpgrade(
	request: IncomingMessage,
	browser: Duplex,
	head: Buffer,
	app: Socket,
	path: string,
	exchange: Exchange,
): Promise<RelayTrouble | undefined> {
	return new Promise((resolve) => {
		const asked = httpRequest({
			...{ method: 'GET', path, setHost: false, maxHeaderSize: HEADER_BYTES },
			headers: {
				...toApp(request.headers, exchange),
				...{ connection: 'Upgrade', upgrade: 'websocket' },
			},
			createConnection: () => app,
		});
		asked.once('upgrade', (answer, socket: Socket, first: Buffer) => {
			const pairs = toBrowser(answer.rawHeaders, exchange).map((pair) => pair.join(': '));
			const start = [
				'HTTP/1.1 101 Switching Protocols',
				'Connection: Upgrade',
				'Upgrade: websocket',
			];
			browser.write(`${[...start, ...pairs].join('\r\n')}\r\n\r\n`);
			if (first.length > 0) browser.write(first);
			if (head.length > 0) socket.write(head);
			socket.on('error', () => socket.destroy());
			browser.once('close', () => socket.destroy());
			socket.once('close', () => browser.destroy());
			browser.pipe(socket);
			socket.pipe(browser);
			resolve(undefined);
		});
		asked.once('response', () => {
			app.destroy();
			resolve('no-answer');
		});
		asked.on('error', (error: NodeJS.ErrnoException) => {
			resolve(error.code?.startsWith('HPE_') ? 'malformed' : 'no-answer');
			app.destroy();
		});
		browser.once('close', () => app.destroy());
		asked.end();
	});
}
