// What our cookies are called, and one of them read from a raw request; pages have SvelteKit's own reader.

/**
 * Over TLS a name of its own. A class that is taught by https one day and by http the next keeps its
 * address, and a page without TLS can neither read nor replace a secure cookie of the same name: nobody
 * would get in.
 */
export const cookieName = (name: string, secure: boolean): string =>
	secure ? `__Secure-${name}` : name;

export function cookieOf(header: string | undefined, name: string): string | undefined {
	for (const pair of header?.split(';') ?? []) {
		const equals = pair.indexOf('=');
		if (equals !== -1 && pair.slice(0, equals).trim() === name) {
			return pair.slice(equals + 1).trim();
		}
	}
	return undefined;
}
