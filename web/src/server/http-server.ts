// The HTTP server in front of the pages: decides what the browser's address is, refuses requests
// that other sites' pages send, and sets the headers that every answer carries.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { refusalBody, type RefusalCode } from './api/refusals.ts';
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
		const no = (status: RefusedStatus, words: string) => refuse(request, response, status, words);
		if (origin === undefined) return no(400, 'Which host?');
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
			return no(403, 'This request does not come from a page of this classroom.');
		}
		// SvelteKit would say so in plain text.
		if (isApi(request) && !canBeDecoded(request)) return no(400, 'This address can’t be read.');
		pages(request, response, (cause) => {
			if (cause) log('error', 'a request failed', { cause });
			no(cause ? 500 : 404, cause ? 'Something broke.' : 'Not found.');
		});
	});
}

type RefusedStatus = keyof typeof API_CODES;
const API_CODES = {
	400: 'bad-request',
	403: 'other-origin',
	404: 'no-such-address',
	500: 'broken',
} as const satisfies Record<number, RefusalCode>;

function refuse(
	request: IncomingMessage,
	response: ServerResponse,
	status: RefusedStatus,
	words: string,
): void {
	if (response.headersSent) return void response.destroy();
	const json = isApi(request);
	response.writeHead(status, {
		'content-type': json ? 'application/json' : 'text/plain; charset=utf-8',
	});
	response.end(
		json ? JSON.stringify(refusalBody(API_CODES[status], { message: words })) : `${words}\n`,
	);
}

const isApi = (request: IncomingMessage): boolean => /^\/api(\/|\?|$)/.test(request.url ?? '');

function canBeDecoded(request: IncomingMessage): boolean {
	try {
		decodeURI(request.url?.split('?')[0] ?? '');
		return true;
	} catch {
		return false;
	}
}
