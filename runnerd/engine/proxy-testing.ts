// For tests: a way to the engine on which things go wrong at a chosen step.

import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DOCKER_SOCKET } from '../sandboxes/testing.ts';

/** `before`: the engine never hears of it; `after`: it was done, and nobody is told. */
export type Moment = 'before' | 'after';

export type Fault = {
	/** Counts from 1, since it was armed. */
	step: number;
	moment: Moment;
	/** Undefined: the engine answers that its disk is full. */
	act: (() => void) | undefined;
	/** At each step from there on that isn't a removal, until it is armed anew. */
	lasts?: boolean;
};

/** Between a runnerd and the engine. A step is a request that changes something there. */
export class EngineProxy implements AsyncDisposable {
	readonly path: string;
	/** What was asked since the last `arm`, ids left out. */
	steps: string[] = [];
	/** Resolves when the fault that was armed last has happened. */
	struck: Promise<void> = Promise.resolve();
	#fault: (Fault & { happened: () => void }) | undefined;
	#pieces: { left: number; act: () => void } | undefined;
	#server: Server;
	#sockets = new Set<Duplex>();

	private constructor(path: string) {
		this.path = path;
		this.#server = createServer((request, response) => {
			const strike = this.#step(request);
			if (strike?.moment === 'before') {
				if (!strike.act) response.writeHead(500, JSON_TYPE).end(NO_SPACE);
				return strike.happen(request.socket);
			}
			const { method, url, headers } = request;
			const far = httpRequest(
				{ socketPath: DOCKER_SOCKET, method, path: url, headers },
				(answer) => {
					if (strike) return (answer.destroy(), strike.happen(request.socket));
					response.writeHead(answer.statusCode ?? 500, answer.headers);
					response.flushHeaders();
					answer.pipe(response);
				},
			);
			far.on('error', () => response.destroy());
			response.on('error', () => far.destroy()).on('close', () => far.destroy());
			request.pipe(far);
		});
		this.#server.on('connection', (socket) => this.#hold(socket));
		this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
	}

	static async listen(path: string): Promise<EngineProxy> {
		const proxy = new EngineProxy(path);
		proxy.#server.listen(path);
		await once(proxy.#server, 'listening');
		return proxy;
	}

	/** Counts anew; without a fault, only that. */
	arm(fault?: Fault): void {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.steps = [];
		this.struck = promise;
		this.#fault = fault && { ...fault, happened: resolve };
	}

	/** Acts when so many pieces have passed through the streams of commands, in either direction. */
	armPieces(pieces: number, act: () => void): void {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.struck = promise;
		this.#pieces = { left: pieces, act: () => (act(), resolve()) };
	}

	/** Breaks all that is connected now. */
	cut(): void {
		for (const socket of this.#sockets) socket.destroy();
	}

	#passed = (): void => {
		if (!this.#pieces || --this.#pieces.left > 0) return;
		const { act } = this.#pieces;
		this.#pieces = undefined;
		act();
	};

	async [Symbol.asyncDispose](): Promise<void> {
		this.cut();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	#hold(socket: Duplex): void {
		this.#sockets.add(socket);
		socket.on('error', () => socket.destroy());
		socket.on('close', () => this.#sockets.delete(socket));
	}

	#step({ method, url = '' }: IncomingMessage) {
		if (method === 'GET' || method === 'HEAD' || /\/(wait|resize)\b/.test(url)) return undefined;
		this.steps.push(
			`${method} ${url.replace(/\?.*/, '').replaceAll(/[0-9a-f]{64}|t-[\w-]+/g, '…')}`,
		);
		const fault = this.#fault;
		if (!fault || fault.step > this.steps.length) return undefined;
		if (!fault.lasts) this.#fault = undefined;
		else if (method === 'DELETE') return undefined;
		return {
			...fault,
			happen: (socket: Duplex) => {
				fault.act?.();
				if (fault.act) socket.destroy();
				fault.happened();
			},
		};
	}

	/** A command's streams, as bytes. */
	#upgrade(request: IncomingMessage, near: Duplex, head: Buffer): void {
		const strike = this.#step(request);
		if (strike?.moment === 'before') {
			if (!strike.act)
				near.end(
					`HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: ${NO_SPACE.length}\r\n\r\n${NO_SPACE}`,
				);
			return strike.happen(near);
		}
		const far: Socket = connect({ path: DOCKER_SOCKET, allowHalfOpen: true });
		this.#hold(far);
		const fields = request.rawHeaders.flatMap((name, at, all) =>
			at % 2 === 0 ? [`${name}: ${all[at + 1]}\r\n`] : [],
		);
		far.write(`${request.method} ${request.url} HTTP/1.1\r\n${fields.join('')}\r\n`);
		far.write(head);
		if (strike) far.once('data', () => strike.happen(near));
		near.on('close', () => far.destroy());
		far.on('close', () => near.destroy());
		near.on('data', this.#passed);
		far.on('data', this.#passed);
		near.pipe(far);
		far.pipe(near);
	}
}

const JSON_TYPE = { 'content-type': 'application/json' };
const NO_SPACE = JSON.stringify({ message: 'mkdir /var/lib/docker: no space left on device' });
