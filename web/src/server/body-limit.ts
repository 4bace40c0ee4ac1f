// How much a request may bring along: forms and messages little, files as much as a file may hold.

import { FILE_LIMITS } from '@containrlab/protocol/path.ts';

const MESSAGE_BYTES = 512 * 1024;

/** For adapter-node, which knows one limit for all routes. */
export const BODY_MOST = FILE_LIMITS.binary;

/** Routes that take a file's own bytes. */
const FILE_ROUTES: ReadonlySet<string> = new Set(['/w/[workspace]/blobs']);

/** The status with which a request is refused before anything of its body is read. */
export function bodyRefusal(
	request: Pick<Request, 'headers' | 'body'>,
	route: string | null,
): 411 | 413 | undefined {
	// The API bounds what it reads, and refuses in its own words.
	if (!request.body || route?.startsWith('/api/')) return undefined;
	const length = request.headers.get('content-length');
	// No page of ours sends a body without saying how long it is.
	if (length === null) return 411;
	const most = route !== null && FILE_ROUTES.has(route) ? BODY_MOST : MESSAGE_BYTES;
	return Number(length) <= most ? undefined : 413;
}
