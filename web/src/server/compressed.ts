// Answers as small as the browser takes them. Hashed assets come compressed from the build; an event
// stream is never held back.

import compression from 'compression';
import type { PageHandler } from './http-server.ts';

export function compressed(pages: PageHandler): PageHandler {
	const compress = compression({
		filter: (request, response) =>
			!String(response.getHeader('content-type')).startsWith('text/event-stream') &&
			compression.filter(request, response),
	}) as unknown as (...args: Parameters<PageHandler>) => void;
	return (request, response, next) =>
		compress(request, response, (cause) => (cause ? next(cause) : pages(request, response, next)));
}
