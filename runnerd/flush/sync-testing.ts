// For tests: the real document server over memory, with peers that join one workspace's room, and
// cables to it that can be cut.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { newId, workspaceRoom } from '@containrlab/protocol/id.ts';
import { signTicket } from '@containrlab/protocol/ticket.ts';
import { starterUpdate } from '@containrlab/protocol/workspace-doc.ts';
/* eslint-disable no-restricted-imports -- runnerd never imports sync; its tests meet the real one. */
import { silentLogger } from '../../sync/logger.ts';
import { MemoryStorage } from '../../sync/memory-storage.ts';
import { SyncServer } from '../../sync/server.ts';
/* eslint-enable no-restricted-imports */
import { SyncRoom } from './room.ts';

type Starter = Parameters<typeof starterUpdate>[0];

/** `await using` it: one room, with `starter` in it. */
export class TestSync implements AsyncDisposable {
	readonly storage = new MemoryStorage();
	readonly workspace = newId();
	readonly room = workspaceRoom(this.workspace);
	readonly keys: CryptoKeyPair;
	#server!: SyncServer;
	#port = 0;

	private constructor(keys: CryptoKeyPair, starter: Starter) {
		this.keys = keys;
		this.storage.create(this.room, { userId: 'web', update: starterUpdate(starter) });
	}

	static async create(starter: Starter): Promise<TestSync> {
		const keys = (await crypto.subtle.generateKey('Ed25519', true, [
			'sign',
			'verify',
		])) as CryptoKeyPair;
		const sync = new TestSync(keys, starter);
		await sync.start();
		return sync;
	}

	get port(): number {
		return this.#port;
	}

	get url(): string {
		return `ws://127.0.0.1:${this.#port}`;
	}

	/** On the port it had before. */
	async start(): Promise<void> {
		const { storage, keys } = this;
		this.#server = new SyncServer({
			storage,
			ticketPublicKey: keys.publicKey,
			token: 'token',
			logger: silentLogger,
		});
		const { url } = await this.#server.listen(this.#port, '127.0.0.1');
		this.#port = Number(new URL(url).port);
	}

	stop(): Promise<void> {
		return this.#server.close();
	}

	ticket(user: { id: string; role: 'student' | 'service' }): Promise<string> {
		const iat = Math.floor(Date.now() / 1000);
		return signTicket(this.keys.privateKey, {
			aud: 'sync',
			user: { ...user, name: user.id },
			resource: this.room,
			access: 'write',
			iat,
			exp: iat + 3600,
			jti: newId(),
		});
	}

	async join(
		user: Parameters<TestSync['ticket']>[0] = { id: 'shell:anna', role: 'service' },
		url = this.url,
	): Promise<SyncRoom> {
		return new SyncRoom({ url, room: this.room, ticket: await this.ticket(user) });
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
	}
}

/** A way to a port of this host that can be cut: what was on it is lost. */
export class Cable implements AsyncDisposable {
	#sockets = new Set<Socket>();
	#server;

	private constructor(port: number) {
		this.#server = createServer((near) => {
			const far = connect(port, '127.0.0.1');
			for (const socket of [near, far]) {
				this.#sockets.add(socket);
				socket.on('error', () => {});
				socket.on('close', () => {
					this.#sockets.delete(socket);
					near.destroy();
					far.destroy();
				});
			}
			near.pipe(far).pipe(near);
		});
	}

	static async to(port: number): Promise<Cable> {
		const cable = new Cable(port);
		cable.#server.listen(0, '127.0.0.1');
		await once(cable.#server, 'listening');
		return cable;
	}

	get url(): string {
		return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	cut(): void {
		for (const socket of this.#sockets) socket.destroy();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.close();
		this.cut();
		await Promise.resolve();
	}
}
