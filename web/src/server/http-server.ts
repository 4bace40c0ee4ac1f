// The HTTP server in front of the pages: decides what the browser's address is, refuses requests
// that other sites' pages send, and sets the headers that every answer carries.

import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { refusalBody, type RefusalCode } from './api/refusals.ts';
import { compressed } from './compressed.ts';
import { createEntrance, type Certificate } from './entrance.ts';
import type { Log } from './log.ts';
import type { Previews } from './preview/previews.ts';
import { addressOf, isFromOurPages, mayChangeSomething, type Site } from './origin.ts';

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
	// Pages say `no-store` and hashed assets `immutable`; whatever else there is, is asked for again.
	'cache-control': 'no-cache',
} as const;

export interface WebServerOptions {
	site: Site;
	certificate: Certificate | undefined;
	compressed: boolean;
	log: Log;
	/** Those with an origin of their own come by this port too. */
	previews: Pick<Previews, 'handles' | 'answer'>;
}

export function createWebServer(pages: PageHandler, options: WebServerOptions): Server {
	const answer = options.compressed ? compressed(pages) : pages;
	const ours = guarded(answer, options);
	const { previews } = options;
	const either: RequestListener = (request, response) => {
		if (!previews.handles(request)) return ours(request, response);
		void previews.answer(request, response, { shared: false });
	};
	return createEntrance(either, options.certificate, options.site);
}

function guarded(pages: PageHandler, { site, log }: WebServerOptions): RequestListener {
	return (request, response) => {
		for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value);
		const address = addressOf(request, site);
		const no = (status: RefusedStatus, words: string) => refuse(request, response, status, words);
		if (address.kind === 'unreadable') return no(400, 'Which host?');
		if (address.kind === 'foreign') return no(421, notOurName(address.host, site));
		const { origin } = address;
		const { protocol, host } = new URL(origin);
		request.headers[PROTOCOL_HEADER] = protocol.slice(0, -1);
		request.headers.host = host;
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
	};
}

function notOurName(host: string, { lanOrigin, origin }: Site): string {
	const where = lanOrigin ?? origin;
	return (
		`This classroom doesn’t know itself by the name ${host}. ` +
		`${where ? `Open ${where} instead` : 'Open it by its address'}, ` +
		`or have it started with that name: npm start -- --lan --host ${host}`
	);
}

type RefusedStatus = keyof typeof API_CODES;
const API_CODES = {
	400: 'bad-request',
	403: 'other-origin',
	404: 'no-such-address',
	421: 'other-origin',
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
		'cache-control': 'no-store',
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
