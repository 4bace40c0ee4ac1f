// A bound on what every page waits for first: a database that hangs is told from one that is slow.

/** A busy machine takes a second; who waits longer wants to be told. */
const SOON_MS = 8_000;

/** Says the same as a database that refuses connections: it passes by itself. */
class Late extends Error {
	readonly code = 'CONNECT_TIMEOUT';
}

export async function soon<T>(work: Promise<T>, ms = SOON_MS): Promise<T> {
	const { promise, reject } = Promise.withResolvers<never>();
	const timer = setTimeout(() => reject(new Late(`no answer within ${ms} ms`)), ms);
	try {
		return await Promise.race([work, promise]);
	} finally {
		clearTimeout(timer);
	}
}
