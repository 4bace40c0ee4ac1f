// A line of a submitted file in an address: `#file:app/main.py:12`, to be shared and linked.

export type FilePlace = { path: string; line: number | undefined };

export function placeHash(path: string, line?: number): string {
	const parts = path.split('/').map((part) => encodeURIComponent(part));
	return `#file:${parts.join('/')}${line === undefined ? '' : `:${line}`}`;
}

/** Undefined for what is another kind of place. */
export function placeInHash(hash: string): FilePlace | undefined {
	const match = /^#file:([^:]+)(?::(\d{1,7}))?$/.exec(hash);
	if (!match) return undefined;
	try {
		const path = decodeURIComponent(match[1]!);
		return { path, line: match[2] === undefined ? undefined : Number(match[2]) };
	} catch {
		return undefined;
	}
}
