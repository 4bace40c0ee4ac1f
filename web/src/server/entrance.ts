// The port that browsers knock at: plain http, or TLS. Who speaks plain http to a port with TLS, as
// everyone does who types an address by hand, is led to https on the same port.

import { createServer as createPlain, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { Socket } from 'node:net';
import { addressOf, type Site } from './origin.ts';

export interface Certificate {
	/** PEM, the issuers' behind it. */
	certificate: string;
	/** PEM. */
	key: string;
}

/** The first byte of every TLS connection: a handshake record. */
const HANDSHAKE = 22;
/** Someone who connects has something to say. */
const FIRST_WORD_MS = 10_000;

export function createEntrance(
	listener: RequestListener,
	certificate: Certificate | undefined,
	site: Site,
): Server {
	if (!certificate) return createPlain(listener);
	const { certificate: cert, key } = certificate;
	const secure = createSecure({ cert, key, minVersion: 'TLSv1.2' }, listener);
	const handshakes = secure.listeners('connection');
	const plain = createPlain(redirectTo(site));
	secure.removeAllListeners('connection');
	secure.on('connection', (socket: Socket) => {
		const destroy = () => socket.destroy();
		socket.on('error', destroy);
		socket.setTimeout(FIRST_WORD_MS, destroy);
		socket.once('data', (first: Buffer) => {
			// Whoever goes on with it reads it from the beginning.
			socket.pause();
			socket.unshift(first);
			if (first[0] === HANDSHAKE) {
				socket.setTimeout(0);
				socket.off('timeout', destroy);
				for (const handshake of handshakes) handshake.call(secure, socket);
			} else {
				plain.emit('connection', socket);
				process.nextTick(() => socket.resume());
			}
		});
	});
	return secure;
}

function redirectTo(site: Site): RequestListener {
	return (request, response) => {
		const address = addressOf(request, { ...site, secure: true });
		const isRead = request.method === 'GET' || request.method === 'HEAD';
		const headers = {
			'content-type': 'text/plain; charset=utf-8',
			// Not for ever: the next class may be taught without TLS.
			'cache-control': 'no-store',
			connection: 'close',
		};
		if (address.kind !== 'ours' || !isRead) {
			response.writeHead(400, headers);
			return void response.end('This classroom is encrypted: begin its address with https://\n');
		}
		const location = `${address.origin}${request.url?.startsWith('/') ? request.url : '/'}`;
		response.writeHead(307, { ...headers, location });
		response.end(`This classroom is encrypted: ${location}\n`);
	};
}
