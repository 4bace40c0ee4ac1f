// In front of web: passes everything on, and counts the event streams that are open through it.

import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StreamCounter extends AsyncDisposable {
	origin: string;
	/** Now, and the most that there ever were at once. */
	open: number;
	most: number;
}

export async function countStreams(to: string): Promise<StreamCounter> {
	const { hostname, port } = new URL(to);
	const server = createServer((request, response) => {
		if (request.url?.startsWith('/events')) {
			counter.most = Math.max(counter.most, (counter.open += 1));
			response.once('close', () => (counter.open -= 1));
		}
		const { method, url: path, headers } = request;
		const onward = send({ host: hostname, port, method, path, headers }, (answer) => {
			response.writeHead(answer.statusCode ?? 502, answer.headers);
			// An answer that has only begun is an open stream to its reader.
			response.flushHeaders();
			answer.pipe(response);
		});
		onward.on('error', () => response.destroy());
		response.once('close', () => onward.destroy());
		request.pipe(onward);
	});
	server.listen(0, hostname);
	await once(server, 'listening');
	const counter: StreamCounter = {
		origin: `http://${hostname}:${(server.address() as AddressInfo).port}`,
		...{ open: 0, most: 0 },
		[Symbol.asyncDispose]: async () => {
			server.close();
			server.closeAllConnections();
		},
	};
	return counter;
}
