// The HTTP server in front of the pages: decides what the browser's address is, refuses requests
// that other sites' pages send, and sets the headers that every answer carries.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Log } from './log.ts';
import { isFromOurPages, mayChangeSomething, publicOrigin } from './origin.ts';

/** Named to adapter-node before the build is loaded; whatever a client sends by it is replaced. */
export const PROTOCOL_HEADER = 'x-containrlab-protocol';

export type PageHandler = (
	request: IncomingMessage,
	response: ServerResponse,
	next: (error?: unknown) => void,
) => void;

const COMMON_HEADERS = {
	'x-content-type-options': 'nosniff',
	// Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
	'referrer-policy': 'same-origin',
	'x-frame-options': 'DENY',
	// Pages bring their own with a nonce; this is for all else: assets, workers, plain errors.
	'content-security-policy': [
		"default-src 'self'",
		"style-src 'self' 'unsafe-inline'",
		"object-src 'none'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	].join('; '),
	'cross-origin-resource-policy': 'same-origin',
	'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
} as const;

export function createWebServer(
	pages: PageHandler,
	{ origin: configured, log }: { origin: string | undefined; log: Log },
): Server {
	return createServer((request, response) => {
		const origin = publicOrigin(request, configured);
		if (origin === undefined) return refuse(response, 400, 'Which host?');
		const { protocol, host } = new URL(origin);
		request.headers[PROTOCOL_HEADER] = protocol.slice(0, -1);
		request.headers.host = host;
		for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value);
		// Over plain http a browser ignores it, and says so on the console.
		if (protocol === 'https:') response.setHeader('cross-origin-opener-policy', 'same-origin');
		if (mayChangeSomething(request) && !isFromOurPages(request, origin)) {
			log('warn', 'a request from another origin was refused', {
				method: request.method,
				origin: request.headers.origin,
			});
			return refuse(response, 403, 'This request does not come from a page of this classroom.');
		}
		pages(request, response, (cause) => {
			if (cause) log('error', 'a request failed', { cause });
			refuse(response, cause ? 500 : 404, cause ? 'Something broke.' : 'Not found.');
		});
	});
}

function refuse(response: ServerResponse, status: number, words: string): void {
	if (response.headersSent) return void response.destroy();
	response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
	response.end(`${words}\n`);
}
