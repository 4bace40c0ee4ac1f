// For tests: a real server with one workspace's preview behind its door, and requests through it.

import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type RequestOptions } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { newId } from '@containrlab/protocol/id.ts';
import { PREVIEW_UPGRADE, previewResource } from '@containrlab/protocol/preview.ts';
import { ServiceError } from '@containrlab/protocol/sandbox.ts';
import { signTicket, TICKET_HEADER, type Ticket } from '@containrlab/protocol/ticket.ts';
import { connectAgent } from '../agent/client.ts';
import { PreviewDoor } from './door.ts';
import { Preview } from './preview.ts';

/** `await using` it: runnerd's side of one workspace's preview, over any way to its agent. */
export class TestPreview implements AsyncDisposable {
	readonly workspace = newId();
	/** What was told of the ports, in its order. */
	readonly told: (readonly number[])[] = [];
	readonly preview: Preview;
	#keys: CryptoKeyPair;
	#link;
	#door: PreviewDoor;
	#server = createServer();

	private constructor(open: () => Promise<Duplex>, keys: CryptoKeyPair) {
		this.#keys = keys;
		this.#link = connectAgent(open);
		this.preview = new Preview({
			link: this.#link,
			openAgent: open,
			onPorts: (ports) => this.told.push(ports),
			log: () => {},
		});
		this.#door = new PreviewDoor({
			ticketKey: keys.publicKey,
			find: (workspace) => (workspace === this.workspace ? this.preview : undefined),
		});
		this.#server.on('upgrade', (request, socket, head) => {
			void this.#door.accept(request, socket, head);
		});
	}

	static async start(open: () => Promise<Duplex>): Promise<TestPreview> {
		const keys = (await crypto.subtle.generateKey('Ed25519', true, [
			'sign',
			'verify',
		])) as CryptoKeyPair;
		const test = new TestPreview(open, keys);
		test.#server.listen(0, '127.0.0.1');
		await Promise.all([once(test.#server, 'listening'), once(test.#link, 'connected')]);
		return test;
	}

	ticket(claim: Partial<Ticket>): Promise<string> {
		const iat = Math.floor(Date.now() / 1000);
		return signTicket(this.#keys.privateKey, {
			aud: 'preview',
			user: { id: 'olga', name: 'Olga', role: 'student' },
			resource: 'set me',
			access: 'read',
			...{ iat, exp: iat + 60, jti: newId() },
			...claim,
		});
	}

	/** The bare connection to the app, or the code of a refusal. */
	async dial(port: number, claim: Partial<Ticket> = {}): Promise<Socket | string> {
		const resource = previewResource(this.workspace, port);
		const asked = request({
			port: (this.#server.address() as AddressInfo).port,
			path: `/preview/${this.workspace}/${port}`,
			headers: {
				connection: 'Upgrade',
				upgrade: PREVIEW_UPGRADE,
				[TICKET_HEADER]: await this.ticket({ resource, ...claim }),
			},
		});
		asked.end();
		return new Promise((resolve, reject) => {
			asked.on('error', reject);
			asked.on('upgrade', (_response, socket: Socket, head: Buffer) => {
				if (head.length > 0) socket.unshift(head);
				resolve(socket);
			});
			asked.on('response', (response: IncomingMessage) => {
				void text(response).then(
					(body) => resolve(ServiceError.parse(JSON.parse(body)).error.code),
					reject,
				);
			});
		});
	}

	/** One HTTP exchange with the app; `send` writes and ends the request. */
	async ask(
		port: number,
		options: RequestOptions,
		body?: string | Duplex,
	): Promise<IncomingMessage> {
		const socket = await this.dial(port);
		if (typeof socket === 'string') throw new Error(socket);
		const asked = request({ ...options, createConnection: () => socket });
		const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
		if (typeof body === 'object') body.pipe(asked);
		else asked.end(body);
		return (await answered)[0];
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.preview.close();
		this.#link.close();
		this.#door.close();
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}
}
