// Which failures pass by themselves. Told by code, not by class: the pages' bundle and main.ts each
// have their own copies of our classes.

const TEMPORARY = new Set([
	// Ours.
	'too-busy',
	'unreachable',
	// postgres.js and the network, while the database restarts.
	'CONNECTION_CLOSED',
	'CONNECTION_DESTROYED',
	'CONNECTION_ENDED',
	'CONNECT_TIMEOUT',
	'ECONNREFUSED',
	'ECONNRESET',
	'EPIPE',
	// Postgres: shutting down, crashed, starting up, too many connections.
	'57P01',
	'57P02',
	'57P03',
	'53300',
]);

export function isTemporary(failure: unknown): boolean {
	for (let at = failure, depth = 0; at instanceof Error && depth < 6; depth += 1) {
		const { code } = at as { code?: unknown };
		if (typeof code === 'string' && TEMPORARY.has(code)) return true;
		at = at.cause;
	}
	return false;
}
