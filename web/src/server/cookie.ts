// What our cookies are called, and one of them read from a raw request; pages have SvelteKit's own reader.

/**
 * Over TLS a name of its own. A class that is taught by https one day and by http the next keeps its
 * address, and a page without TLS can neither read nor replace a secure cookie of the same name: nobody
 * would get in. One for all paths can be set by no other host either: not by a preview that has a name
 * in the same domain.
 */
export const cookieName = (name: string, secure: boolean, path = '/'): string => {
	if (!secure) return name;
	return path === '/' ? `__Host-${name}` : `__Secure-${name}`;
};

export function cookieOf(header: string | undefined, name: string): string | undefined {
	for (const pair of header?.split(';') ?? []) {
		const equals = pair.indexOf('=');
		if (equals !== -1 && pair.slice(0, equals).trim() === name) {
			return pair.slice(equals + 1).trim();
		}
	}
	return undefined;
}
