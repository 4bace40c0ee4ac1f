// The secrets of a build, handed to BuildKit as it asks for them: gRPC over a connection to the engine
// that we open and it calls back on. So they reach neither the context, nor a layer, nor the cache.

import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
	Server,
	ServerCredentials,
	status,
	type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type Docker from 'dockerode';

const GET_SECRET = '/moby.buildkit.secrets.v1.Secrets/GetSecret';
const CHECK_HEALTH = '/grpc.health.v1.Health/Check';

export interface Session extends Disposable {
	/** For the build's request. */
	id: string;
}

/** Lasts until it is disposed of. A secret that isn't there is one that the build goes without. */
export async function openSession(
	docker: Docker,
	secrets: ReadonlyMap<string, Buffer>,
): Promise<Session> {
	const id = randomUUID();
	const socket = await dial(docker, {
		method: 'POST',
		path: '/session',
		hijack: true,
		headers: {
			Upgrade: 'h2c',
			'X-Docker-Expose-Session-Uuid': id,
			'X-Docker-Expose-Session-Name': 'containrlab',
			'X-Docker-Expose-Session-Grpc-Method': [GET_SECRET, CHECK_HEALTH],
		},
		statusCodes: { 200: true, 500: 'server error' },
	});
	const server = new Server();
	server.addService(SERVICE, {
		secret: ({ request }: { request: Buffer }, answer: Answer) => {
			const value = secrets.get(firstField(request));
			if (value) answer(null, bytesField(value));
			else answer({ code: status.NOT_FOUND });
		},
		// BuildKit asks every few seconds whether we are still there.
		health: (_call: unknown, answer: Answer) => answer(null, SERVING),
	} as UntypedServiceImplementation);
	server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection(socket);
	return {
		id,
		[Symbol.dispose]: () => {
			server.forceShutdown();
			socket.destroy();
		},
	};
}

/** dockerode's own way to the engine, for what it has no method for. */
export function dial<T = Duplex>(docker: Docker, request: object): Promise<T> {
	return new Promise((resolve, reject) => {
		(docker.modem as { dial: (request: object, done: Done) => void }).dial(
			request,
			(error, data) => (error ? reject(error as Error) : resolve(data as T)),
		);
	});
}
type Done = (error: unknown, data: unknown) => void;

type Answer = (error: { code: status } | null, message?: Buffer) => void;

/** Messages stay bytes: three fields in all are not worth a compiler for their definitions. */
const unary = (path: string) => ({
	path,
	requestStream: false,
	responseStream: false,
	requestSerialize: (bytes: Buffer) => bytes,
	requestDeserialize: (bytes: Buffer) => bytes,
	responseSerialize: (bytes: Buffer) => bytes,
	responseDeserialize: (bytes: Buffer) => bytes,
});
const SERVICE = { secret: unary(GET_SECRET), health: unary(CHECK_HEALTH) };

// Protocol buffers, as far as these messages need them: a field with bytes is its number and type in
// one byte (1 and 2: 0x0a), its length in groups of seven bits, the lowest first, and its content.

/** HealthCheckResponse {status: SERVING}. */
const SERVING = Buffer.from([0x08, 0x01]);

/** GetSecretRequest: its first field is the secret's name. */
export function firstField(bytes: Buffer): string {
	if (bytes[0] !== 0x0a) return '';
	let length = 0;
	let at = 1;
	for (let shift = 0; ; shift += 7) {
		const byte = bytes[at++] ?? 0;
		length |= (byte & 0x7f) << shift;
		if (byte < 0x80) break;
	}
	return bytes.toString('utf8', at, at + length);
}

/** GetSecretResponse: its first field is the secret. */
export function bytesField(content: Buffer): Buffer {
	const head = [0x0a];
	let length = content.length;
	for (; length >= 0x80; length >>>= 7) head.push((length & 0x7f) | 0x80);
	return Buffer.concat([Buffer.from([...head, length]), content]);
}
