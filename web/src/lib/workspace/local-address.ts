// An address on the student's own machine, as programs print it: there it is the sandbox's.

/** `0.0.0.0` is what many servers say that they listen on. */
const LOCAL = new Set(['localhost', '127.0.0.1', '0.0.0.0', '[::1]', '[::]']);

export type LocalAddress = { port: number; path: string };

/** The port and path of `http://localhost:8000/x`; undefined for all other addresses. */
export function localAddress(uri: string): LocalAddress | undefined {
	const url = URL.parse(uri);
	if (!url || !/^https?:$/.test(url.protocol) || !LOCAL.has(url.hostname)) return undefined;
	const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
	return { port, path: url.pathname + url.search + url.hash };
}

/** What someone typed as a path, as one that begins with a single /. */
export const asPath = (typed: string): string => `/${typed.trim().replace(/^[/\\]+/, '')}`;
