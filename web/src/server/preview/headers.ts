// What passes between a browser and a student's app, and what doesn't: the app is hostile to us, and
// we are hidden from it. Pure functions over header lists.

import type { IncomingHttpHeaders } from 'node:http';

/** One exchange: the preview's address as the browser has it, and the app's as the app knows it. */
export interface Exchange {
	/** Of the preview, as the browser sees it. */
	origin: string;
	/** What stands before the app's own paths: '' on an origin of its own. */
	prefix: string;
	port: number;
	/** The page that may frame it. */
	framedBy: string;
	/** Who asks, for X-Forwarded-For. */
	address: string | undefined;
}

type Pair = [name: string, value: string];

/** Ours, by whatever prefix browsers know. */
const OUR_COOKIE = /^(?:__(?:secure|host)-)?containrlab_/i;
/** For one connection, not for what lies behind (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
	...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
	...['te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings', 'expect'],
]);
const FORGED = /^(?:forwarded|x-forwarded-.*|x-real-ip|x-containrlab-.*|via)$/;
/** Would reach beyond the app's own page, or last longer than it. */
const NEVER_OUT = new Set([
	...['strict-transport-security', 'clear-site-data', 'service-worker-allowed', 'alt-svc'],
	...['public-key-pins', 'public-key-pins-report-only', 'expect-ct', 'set-cookie2'],
	...['nel', 'report-to', 'reporting-endpoints', 'x-frame-options', 'accept-ch', 'critical-ch'],
	...['content-security-policy', 'set-cookie', 'location', 'content-security-policy-report-only'],
]);
/** Of a page without an origin; it may be left by links in tabs of their own, sandboxed too. */
const SANDBOX = 'sandbox allow-scripts allow-forms allow-popups allow-modals allow-downloads';

export function toApp(headers: IncomingHttpHeaders, exchange: Exchange): Record<string, string[]> {
	const out: Record<string, string[]> = {};
	const named = namedBy(headers.connection);
	for (const [name, value] of Object.entries(headers)) {
		if (value === undefined || HOP_BY_HOP.has(name) || named.has(name) || FORGED.test(name))
			continue;
		out[name] = Array.isArray(value) ? value : [value];
	}
	const local = `localhost:${exchange.port}`;
	const { protocol, host } = new URL(exchange.origin);
	const cookies = exchange.prefix === '' ? withoutOurs(headers.cookie) : '';
	delete out['cookie'];
	if (cookies !== '') out['cookie'] = [cookies];
	if (headers.origin !== undefined) {
		const own = headers.origin === exchange.origin || headers.origin === 'null';
		out['origin'] = [own ? `http://${local}` : headers.origin];
	}
	if (headers.referer !== undefined) {
		const within = `${exchange.origin}${exchange.prefix}/`;
		delete out['referer'];
		if (headers.referer.startsWith(within)) {
			out['referer'] = [`http://${local}/${headers.referer.slice(within.length)}`];
		}
	}
	// What is rewritten on its way must be readable.
	if (exchange.prefix !== '') out['accept-encoding'] = ['identity'];
	out['host'] = [local];
	out['x-forwarded-host'] = [host];
	out['x-forwarded-proto'] = [protocol.slice(0, -1)];
	if (exchange.address !== undefined) out['x-forwarded-for'] = [exchange.address];
	if (exchange.prefix !== '') out['x-forwarded-prefix'] = [exchange.prefix];
	return out;
}

/** `raw`: names and values by turns, as Node has them; only so is every Set-Cookie seen. */
export function toBrowser(raw: readonly string[], exchange: Exchange): Pair[] {
	const pairs = pairsOf(raw);
	const named = namedBy(valuesOf(pairs, 'connection').join(','));
	const kept = pairs.filter(([name]) => {
		const lower = name.toLowerCase();
		if (HOP_BY_HOP.has(lower) || NEVER_OUT.has(lower) || named.has(lower)) return false;
		return exchange.prefix === '' || !/^(?:access-control-|referrer-policy$)/.test(lower);
	});
	for (const location of valuesOf(pairs, 'location').slice(0, 1)) {
		kept.push(['Location', here(location, exchange)]);
	}
	for (const policy of valuesOf(pairs, 'content-security-policy')) {
		const rest = policyOf(policy);
		if (rest !== '') kept.push(['Content-Security-Policy', rest]);
	}
	kept.push(['Content-Security-Policy', framing(exchange)]);
	if (exchange.prefix === '') {
		for (const cookie of valuesOf(pairs, 'set-cookie')) {
			const own = ownCookie(cookie);
			if (own) kept.push(['Set-Cookie', own]);
		}
	} else {
		// Its page has no origin: to a browser even its own server is another's.
		kept.push(...openToItself(), ['Referrer-Policy', 'no-referrer']);
	}
	return kept;
}

/** For everything that is served from a preview's address, our own words included. */
export function framing({ framedBy, prefix }: Pick<Exchange, 'framedBy' | 'prefix'>): string {
	return `${prefix === '' ? '' : `${SANDBOX}; `}frame-ancestors ${framedBy}`;
}

export const openToItself = (): Pair[] => [
	['Access-Control-Allow-Origin', 'null'],
	['Access-Control-Allow-Credentials', 'true'],
	['Access-Control-Expose-Headers', '*'],
];

/** A redirect to what the app takes for its own address leads to the preview's. */
export function here(location: string, { origin, prefix, port }: Exchange): string {
	const url = URL.parse(location, `http://localhost:${port}/`);
	const local = ['localhost', '127.0.0.1', '0.0.0.0', '[::1]'];
	const absolute = /^[a-z][a-z0-9+.-]*:|^[/\\]{2}/i.test(location);
	if (!url || (!absolute && (prefix === '' || !location.startsWith('/')))) return location;
	const own = url.host === new URL(origin).host;
	if (!own && !(local.includes(url.hostname) && url.port === String(port))) return location;
	const within = prefix !== '' && url.pathname.startsWith(`${prefix}/`);
	return `${origin}${within ? '' : prefix}${url.pathname}${url.search}${url.hash}`;
}

function withoutOurs(header: string | undefined): string {
	const pairs = header?.split(';').map((pair) => pair.trim()) ?? [];
	return pairs.filter((pair) => pair !== '' && !OUR_COOKIE.test(pair)).join('; ');
}

/** For its own host alone; framed by our page it is a third party's, so it must say that it knows. */
function ownCookie(cookie: string): string | undefined {
	const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim());
	if (pair === '' || OUR_COOKIE.test(pair)) return undefined;
	const kept = attributes.filter((each) => !/^(domain|samesite|secure|partitioned)\b/i.test(each));
	return [pair, ...kept, 'Secure', 'SameSite=None', 'Partitioned'].join('; ');
}

/** An app may forbid much, but not that our page frames it, nor plain http where that is all we have. */
function policyOf(policy: string): string {
	const directives = policy.split(';').map((directive) => directive.trim());
	return directives
		.filter((each) => !/^(frame-ancestors|upgrade-insecure-requests|report-(uri|to))\b/i.test(each))
		.filter((each) => each !== '')
		.join('; ');
}

function pairsOf(raw: readonly string[]): Pair[] {
	const pairs: Pair[] = [];
	for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at]!, raw[at + 1]!]);
	return pairs;
}

const valuesOf = (pairs: readonly Pair[], name: string): string[] =>
	pairs.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);

const namedBy = (connection: string | undefined): Set<string> =>
	new Set(connection?.split(',').map((name) => name.trim().toLowerCase()));
