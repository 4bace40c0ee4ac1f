// The second listener: previews that have no name of their own, and nothing else.

import type { Server } from 'node:http';
import { createEntrance, type Certificate } from '../entrance.ts';
import type { Site } from '../origin.ts';
import type { Previews } from './previews.ts';

export function createPreviewServer(
	previews: Previews,
	certificate: Certificate | undefined,
	site: Site,
): Server {
	const server = createEntrance(
		(request, response) => void previews.answer(request, response, { shared: true }),
		certificate,
		site,
	);
	server.on('upgrade', (request, socket, head) => {
		void previews.upgrade(request, socket, head, { shared: true });
	});
	return server;
}
