// A connection to an app in a sandbox: asked of runnerd, then bytes as if we had dialled it ourselves.

import { request as plain, type IncomingMessage } from 'node:http';
import { request as secure } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { PREVIEW_UPGRADE, PreviewRefusal } from '@containrlab/protocol/preview.ts';
import { ServiceError } from '@containrlab/protocol/sandbox.ts';
import { TICKET_HEADER } from '@containrlab/protocol/ticket.ts';
import type { PreviewPlace } from './ways.ts';

const CONNECT_MS = 15_000;

/** `runnerd-away` is ours to say: runnerd itself doesn't answer. */
export type NoWay = PreviewRefusal | 'runnerd-away';

export class NoTunnel extends Error {
	readonly code: NoWay;

	constructor(code: NoWay, options?: ErrorOptions) {
		super(code, options);
		this.code = code;
	}
}

/** Rejects with NoTunnel. */
export async function openTunnel(
	runnerdUrl: string,
	{ workspace, port }: PreviewPlace,
	ticket: string,
): Promise<Socket> {
	const url = new URL(`/preview/${workspace}/${port}`, runnerdUrl);
	const asked = (url.protocol === 'https:' ? secure : plain)(url, {
		agent: false,
		timeout: CONNECT_MS,
		headers: { connection: 'Upgrade', upgrade: PREVIEW_UPGRADE, [TICKET_HEADER]: ticket },
	});
	const opened = new Promise<Socket>((resolve, reject) => {
		asked.once('upgrade', (_response, socket: Socket, head: Buffer) => {
			socket.setTimeout(0);
			socket.setNoDelay();
			if (head.length > 0) socket.unshift(head);
			resolve(socket);
		});
		asked.once('response', (response) => void refusalOf(response).then(reject, reject));
		asked.once('timeout', () => asked.destroy(new Error('no answer in time')));
		asked.once('error', (cause) => reject(new NoTunnel('runnerd-away', { cause })));
	});
	asked.end();
	return opened;
}

async function refusalOf(response: IncomingMessage): Promise<NoTunnel> {
	const body = ServiceError.safeParse(JSON.parse(await text(response)));
	const code = PreviewRefusal.safeParse(body.data?.error.code);
	return new NoTunnel(code.data ?? 'runnerd-away');
}
