// Reads one cookie of a raw request; pages have SvelteKit's own reader.

export function cookieOf(header: string | undefined, name: string): string | undefined {
	for (const pair of header?.split(';') ?? []) {
		const equals = pair.indexOf('=');
		if (equals !== -1 && pair.slice(0, equals).trim() === name) {
			return pair.slice(equals + 1).trim();
		}
	}
	return undefined;
}
