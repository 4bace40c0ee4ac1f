// A network between a browser and the product that can do what a change of Wi-Fi does: what was
// connected stays open and says nothing more; what connects anew gets through.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class SilentNetwork implements AsyncDisposable {
	/** The product's address on this side. */
	readonly origin: string;
	readonly #server: Server;
	readonly #open: Set<Pair>;
	readonly #silent = new Set<Pair>();

	private constructor(origin: string, server: Server, open: Set<Pair>) {
		this.origin = origin;
		this.#server = server;
		this.#open = open;
	}

	static async before(origin: string): Promise<SilentNetwork> {
		const { hostname, port } = new URL(origin);
		const open = new Set<Pair>();
		const server = createServer((client) => {
			const service = connect(Number(port), hostname);
			const pair = { client, service };
			open.add(pair);
			for (const [one, other] of [
				[client, service],
				[service, client],
			] as const) {
				one.pipe(other);
				one.on('error', () => one.destroy());
				one.on('close', () => {
					if (open.delete(pair)) other.destroy();
				});
			}
		});
		server.listen(0, hostname);
		await once(server, 'listening');
		const here = new URL(origin);
		here.port = String((server.address() as AddressInfo).port);
		return new SilentNetwork(here.origin, server, open);
	}

	/** Nothing more comes through what is connected now, not even its end. */
	silence(): void {
		for (const pair of this.#open) {
			for (const socket of [pair.client, pair.service]) socket.unpipe().pause();
			this.#silent.add(pair);
		}
		this.#open.clear();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		const closed = new Promise((resolve) => this.#server.close(resolve));
		for (const { client, service } of [...this.#open, ...this.#silent]) {
			client.destroy();
			service.destroy();
		}
		await closed;
	}
}

interface Pair {
	client: Socket;
	service: Socket;
}
