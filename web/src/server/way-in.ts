// The address under which others reach this server.

import { app } from './app.ts';
import { isLoopback } from './origin.ts';

/** The address that the teacher's own browser shows, unless it means that computer alone. */
export function wayIn({ origin, hostname }: URL) {
	const { lanOrigin, origin: publicOrigin, ownCertificate } = app().config.site;
	const others = isLoopback(hostname) ? (lanOrigin ?? publicOrigin) : origin;
	return { origin: others ?? origin, reachable: others !== undefined, ownCertificate };
}
