// A child process: the browsers at one terminal, its driver first. They say how far they are as pages
// do, and draw nothing.

import { once } from 'node:events';
import { WebSocket } from 'ws';
import { TICKET_HEADER } from '@containrlab/protocol/ticket.ts';

export interface Audience {
	url: string;
	/** One for each; the driver's first. */
	tickets: string[];
	/** Whether the others stop reading after the first snapshot. */
	stalled: boolean;
}
/** Types, and answers with what `until` matched or how long each key took (ms). */
export type Order = { line: string; until: string } | { keys: number };

const ACK_BYTES = 32 * 1024;
const TAIL = 256;

class Watcher {
	readonly socket: WebSocket;
	/** The end of what came. */
	tail = '';
	onText: () => void = () => {};
	#received = 0;
	#acked = 0;

	constructor(url: string, ticket: string) {
		this.socket = new WebSocket(url, { headers: { [TICKET_HEADER]: ticket } });
		this.socket.on('message', (data: Buffer, binary) => {
			if (binary) this.#count(data.length);
			this.tail = (this.tail + data.subarray(-TAIL * 8).toString('latin1')).slice(-TAIL * 8);
			this.onText();
		});
	}

	#count(bytes: number): void {
		this.#received += bytes;
		if (this.#received - this.#acked < ACK_BYTES) return;
		this.#acked = this.#received;
		this.socket.send(JSON.stringify({ type: 'ack', bytes: this.#acked }));
	}
}

const [{ url, tickets, stalled }] = (await once(process, 'message')) as [Audience];
const watchers = tickets.map((ticket) => new Watcher(url, ticket));
await Promise.all(watchers.map(({ socket }) => once(socket, 'message')));
const driver = watchers[0]!;
if (stalled) for (const { socket } of watchers.slice(1)) socket.pause();

process.on('message', (order: Order) => {
	void ('keys' in order ? press(order.keys) : matched(order)).then((answer) =>
		process.send?.(answer),
	);
});
process.once('disconnect', () => process.exit());
process.send?.('ready');

function matched({ line, until }: { line: string; until: string }): Promise<string> {
	const pattern = new RegExp(until);
	driver.tail = '';
	return new Promise((resolve) => {
		driver.onText = () => {
			const found = pattern.exec(driver.tail);
			if (found) resolve(found[0]);
		};
		driver.socket.send(Buffer.from(line));
	});
}

async function press(keys: number): Promise<number[]> {
	const times: number[] = [];
	for (let n = 0; n < keys; n += 1) {
		const begun = performance.now();
		await new Promise<void>((resolve) => {
			driver.onText = resolve;
			driver.socket.send(Buffer.from('x'));
		});
		times.push(performance.now() - begun);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	return times;
}
