// The door to the previews: verifies the ticket of an upgrade, then joins the socket to the app's port.

import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
	PREVIEW_UPGRADE,
	parsePreviewPath,
	previewResource,
	type PreviewRefusal,
} from '@containrlab/protocol/preview.ts';
import type { ServiceError } from '@containrlab/protocol/sandbox.ts';
import { TICKET_HEADER, verifyTicket } from '@containrlab/protocol/ticket.ts';
import type { Preview } from './preview.ts';
import { PreviewRefused } from './streams.ts';

const STATUS: Record<PreviewRefusal, number> = {
	unauthorized: 401,
	'no-sandbox': 404,
	'nobody-listens': 502,
	'too-many': 503,
	'sandbox-away': 503,
};

export interface PreviewDoorOptions {
	/** web's public key. */
	ticketKey: CryptoKey;
	/** The preview of a workspace whose sandbox is ready. */
	find(workspace: string): Preview | undefined;
}

/** Whether a request's path is a preview's: then `PreviewDoor.accept` is for it. */
export const isPreviewPath = (url: string | undefined): boolean =>
	parsePreviewPath(url) !== undefined;

export class PreviewDoor {
	readonly #options: PreviewDoorOptions;
	readonly #open = new Set<Duplex>();

	constructor(options: PreviewDoorOptions) {
		this.#options = options;
	}

	/** For an HTTP server's `upgrade` event. Never throws: refusals are answers. */
	async accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
		socket.on('error', () => socket.destroy());
		const app = await this.#connect(request).catch((error: unknown) =>
			error instanceof PreviewRefused ? error.code : 'sandbox-away',
		);
		if (typeof app === 'string') return refuse(socket, app);
		if (socket.destroyed) return void app.destroy();
		this.#open.add(socket);
		socket.once('close', () => this.#open.delete(socket));
		socket.write(
			'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n' +
				`Upgrade: ${PREVIEW_UPGRADE}\r\n\r\n`,
		);
		if (head.length > 0) app.write(head);
		socket.pipe(app);
		app.pipe(socket);
		app.once('close', () => app.errored && socket.destroy());
		socket.once('close', () => app.destroy());
	}

	close(): void {
		for (const socket of this.#open) socket.destroy();
	}

	async #connect(request: IncomingMessage): Promise<Duplex | PreviewRefusal> {
		const place = parsePreviewPath(request.url);
		const token = request.headers[TICKET_HEADER];
		if (!place || typeof token !== 'string') return 'unauthorized';
		const result = await verifyTicket(this.#options.ticketKey, token, 'preview');
		const wanted = previewResource(place.workspace, place.port);
		if (!result.ok || result.ticket.resource !== wanted) return 'unauthorized';
		const preview = this.#options.find(place.workspace);
		return preview ? preview.connect(place.port) : 'no-sandbox';
	}
}

function refuse(socket: Duplex, code: PreviewRefusal): void {
	const status = STATUS[code];
	const body = JSON.stringify({ error: { code, message: code } } satisfies ServiceError);
	socket.end(
		`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
			`Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
	);
}
