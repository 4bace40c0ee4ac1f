// Which address the browser shows, whether it is one of ours, and whether a request comes from a
// page of ours.

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** How browsers reach this server. */
export interface Site {
	/** Where browsers think we are, when something in front of us ends TLS. */
	origin: string | undefined;
	/** Names that are ours, beside localhost. */
	hosts: readonly string[];
	/** What other devices of the room type; undefined when they can't reach us. */
	lanOrigin: string | undefined;
	/** We end TLS ourselves. */
	secure: boolean;
	/** … with a certificate that no browser knows, and warns of. */
	ownCertificate: boolean;
}

export type Address =
	| { kind: 'ours'; origin: string }
	/** A name that nobody gave us: somebody's DNS may have turned it on this machine. */
	| { kind: 'foreign'; host: string }
	| { kind: 'unreadable' };

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The configured origin when the request names its host; otherwise the host it names, if it is ours:
 * so that localhost, a LAN address and the public name all work on one server. Any address will do,
 * since a page that was loaded from one came from this machine; a name could be anyone's.
 */
export function addressOf(request: IncomingMessage, site: Site): Address {
	const host = request.headers.host?.toLowerCase();
	if (!host || !/^[a-z0-9._:[\]-]+$/.test(host)) return { kind: 'unreadable' };
	// Brackets and ports in the wrong places: an address that can't be read would end us later.
	const url = URL.parse(`http://${host}`);
	if (!url) return { kind: 'unreadable' };
	if (site.origin && new URL(site.origin).host === host) {
		return { kind: 'ours', origin: site.origin };
	}
	if (!isOurs(url.hostname, site)) return { kind: 'foreign', host: url.hostname };
	return { kind: 'ours', origin: `${site.secure ? 'https' : 'http'}://${host}` };
}

export function isLoopback(hostname: string): boolean {
	return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function isOurs(hostname: string, { hosts }: Site): boolean {
	const isAddress = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
	return isAddress || isLoopback(hostname) || hosts.includes(hostname);
}

/** Every request that may change something, JSON included, and every upgrade, names our origin. */
export function isFromOurPages(request: IncomingMessage, origin: string): boolean {
	return request.headers.origin === origin;
}

export const mayChangeSomething = (request: IncomingMessage): boolean =>
	!SAFE_METHODS.has(request.method ?? 'GET');
