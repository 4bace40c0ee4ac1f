// Which address the browser shows, and whether a request comes from a page of ours.

import type { IncomingMessage } from 'node:http';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The configured origin when the request names its host; otherwise plain http on the host it names:
 * so that localhost, a LAN address and the public name all work on one server. A name that isn't
 * ours gains nothing: cookies belong to the name they were set under.
 */
export function publicOrigin(
	request: IncomingMessage,
	configured: string | undefined,
): string | undefined {
	const host = request.headers.host;
	if (!host || !/^[a-z0-9._:[\]-]+$/i.test(host)) return undefined;
	// Brackets and ports in the wrong places: an address that can't be read would end us later.
	if (!URL.canParse(`http://${host}`)) return undefined;
	if (configured && new URL(configured).host === host.toLowerCase()) return configured;
	return `http://${host.toLowerCase()}`;
}

/** Every request that may change something, JSON included, and every upgrade, names our origin. */
export function isFromOurPages(request: IncomingMessage, origin: string): boolean {
	return request.headers.origin === origin;
}

export const mayChangeSomething = (request: IncomingMessage): boolean =>
	!SAFE_METHODS.has(request.method ?? 'GET');
