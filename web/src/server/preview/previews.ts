// The previews' front door: who asks, for which app, by which of the two ways; then the exchange.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { newId } from '@containrlab/protocol/id.ts';
import { previewResource } from '@containrlab/protocol/preview.ts';
import type { Viewer } from '../auth.ts';
import { cookieOf } from '../cookie.ts';
import type { Log } from '../log.ts';
import { addressOf, type Site } from '../origin.ts';
import type { TicketSigner } from '../tickets.ts';
import { Grants, type Grant, type GrantDeps } from './grants.ts';
import { framing, openToItself, type Exchange } from './headers.ts';
import { ENTER_SECONDS, PassSealer, STAY_SECONDS, UsedPasses, type Pass } from './pass.ts';
import { relay, relayUpgrade } from './relay.ts';
import { NoTunnel, openTunnel } from './tunnel.ts';
import { frameSources, hostOf, placeOfLabel, wayTo } from './ways.ts';
import type { PreviewPlace, PreviewSite, PreviewWay } from './ways.ts';
import { wordsFor, type Trouble } from './words.ts';

const COOKIE = '__Host-containrlab_preview';
const ENTER_PATH = '/~containrlab/enter';

export interface PreviewDeps extends GrantDeps {
	tickets: TicketSigner;
	log: Log;
	site: Site;
	previews: PreviewSite;
	runnerdUrl: string;
	/** Seals passes. */
	key: Buffer;
}

/** A request that may go on, and where it goes. */
type Let = { ok: true; pass: Pass; grant: Grant; path: string; exchange: Exchange };
type Refused = { ok: false; trouble: Trouble; port: number; framedBy: string; prefix: string };

export class Previews {
	readonly #deps: PreviewDeps;
	readonly #sealer: PassSealer;
	readonly #used = new UsedPasses();
	readonly #grants: Grants;

	constructor(deps: PreviewDeps) {
		this.#deps = deps;
		this.#sealer = new PassSealer(deps.key);
		this.#grants = new Grants(deps);
	}

	/** The second listener's port is known once it listens. */
	listensOn(port: number): void {
		this.#deps.previews.port = port;
	}

	wayTo(place: PreviewPlace, ours: string): PreviewWay {
		return wayTo(place, ours, this.#deps.site, this.#deps.previews);
	}

	/** For the Content-Security-Policy of our own pages. */
	frameSources(ours: string): string {
		return frameSources(ours, this.#deps.site, this.#deps.previews);
	}

	/** The address that lets `viewer`, who may see the workspace, into the preview; for a moment. */
	linkFor(viewer: Viewer, place: PreviewPlace, ours: string, path: string): string | undefined {
		const way = this.wayTo(place, ours);
		if (way.kind === 'off') return undefined;
		const kind = way.kind === 'own' ? 'enter' : 'stay';
		const pass = this.#sealer.seal({
			...{ kind, id: newId(), user: viewer.id, session: viewer.sessionId, origin: ours },
			...{ workspace: place.workspace, port: place.port },
			exp: seconds() + (kind === 'enter' ? ENTER_SECONDS : STAY_SECONDS),
		});
		if (way.kind === 'shared') return `${way.origin}/~${pass}${path}`;
		return `${way.origin}${ENTER_PATH}?${new URLSearchParams({ pass, to: path })}`;
	}

	/** Whether a request on the main port is for a preview's own origin. */
	handles(request: IncomingMessage): boolean {
		return this.#own(request) !== undefined;
	}

	/** On the main port, after `handles`; or on the second listener, which is `shared`. */
	async answer(
		request: IncomingMessage,
		response: ServerResponse,
		{ shared }: { shared: boolean },
	): Promise<void> {
		try {
			if (!shared && request.url?.startsWith(ENTER_PATH)) return this.#enter(request, response);
			if (shared && isPreflight(request)) return preflight(request, response);
			const entry = shared ? await this.#shared(request) : await this.#withCookie(request);
			if (!entry.ok) return say(response, entry);
			entry.grant.hold(request.socket);
			const trouble = await this.#tunnelled(entry, request.socket, (app) =>
				relay(request, response, app, entry.path, entry.exchange),
			);
			if (trouble)
				say(response, { ...refusal(trouble, entry.pass), prefix: entry.exchange.prefix });
		} catch (cause) {
			this.#deps.log('error', 'a preview failed', { cause });
			say(response, { ...NOBODY, trouble: 'broken' });
		}
	}

	async upgrade(
		request: IncomingMessage,
		socket: Duplex,
		head: Buffer,
		{ shared }: { shared: boolean },
	): Promise<void> {
		socket.on('error', () => socket.destroy());
		try {
			const entry = shared ? await this.#shared(request) : await this.#withCookie(request);
			if (!entry.ok) return refuseSocket(socket, wordsFor(entry.trouble, entry.port).status);
			entry.grant.hold(socket);
			const trouble = await this.#tunnelled(entry, socket, (app) =>
				relayUpgrade(request, socket, head, app, entry.path, entry.exchange),
			);
			if (trouble) refuseSocket(socket, wordsFor(trouble, entry.pass.port).status);
		} catch (cause) {
			this.#deps.log('error', 'a preview failed', { cause });
			refuseSocket(socket, 500);
		}
	}

	#own(request: IncomingMessage) {
		const host = hostOf(request.headers.host, this.#deps.site, this.#deps.previews);
		return host.kind === 'own' ? host : undefined;
	}

	/** From our page, by a link that works once: the cookie that lets them stay, and on to the app. */
	#enter(request: IncomingMessage, response: ServerResponse): void {
		const { place, origin } = this.#own(request)!;
		const query = new URL(request.url ?? '', origin).searchParams;
		const pass = this.#sealer.open(query.get('pass') ?? '', 'enter');
		if (!pass || !isFor(pass, place) || !this.#used.use(pass)) {
			return say(response, { ...NOBODY, port: place.port });
		}
		const stay = { ...pass, kind: 'stay', exp: seconds() + STAY_SECONDS } as const;
		const to = query.get('to') ?? '/';
		const location = new URL(/^\/(?![/\\])/.test(to) ? to : '/', origin);
		response.writeHead(303, {
			location: `${location.pathname}${location.search}${location.hash}`,
			'set-cookie':
				`${COOKIE}=${this.#sealer.seal(stay)}; Path=/; Max-Age=${STAY_SECONDS}; ` +
				// Framed by our page it is a third party's; the partition is that page's and its own.
				'Secure; HttpOnly; SameSite=None; Partitioned',
			'cache-control': 'no-store',
			'referrer-policy': 'no-referrer',
			'content-security-policy': framing({ framedBy: pass.origin, prefix: '' }),
		});
		response.end();
	}

	async #withCookie(request: IncomingMessage): Promise<Let | Refused> {
		const { place, origin } = this.#own(request)!;
		const refused = { ...NOBODY, port: place.port };
		const pass = this.#sealer.open(cookieOf(request.headers.cookie, COOKIE), 'stay');
		if (!pass || !isFor(pass, place)) return refused;
		if (!comesFromThere(request, place, (other) => this.wayTo(other, pass.origin))) {
			return { ...refused, trouble: 'other-origin' };
		}
		const grant = await this.#grants.of(pass);
		if (!grant) return refused;
		return this.#let(request, { pass, grant, path: request.url ?? '/', origin, prefix: '' });
	}

	async #shared(request: IncomingMessage): Promise<Let | Refused> {
		const { site, previews } = this.#deps;
		const address = addressOf(request, { ...site, origin: previews.origin ?? site.origin });
		if (address.kind !== 'ours') return { ...NOBODY, trouble: 'other-origin' };
		const [, sealed = '', path = ''] = /^\/~([\w-]+)(\/.*)?$/s.exec(request.url ?? '') ?? [];
		if (sealed === '') return { ...NOBODY, trouble: 'no-path' };
		const pass = this.#sealer.open(sealed, 'stay');
		const from = request.headers.origin;
		if (pass && from !== undefined && from !== 'null' && from !== address.origin) {
			return { ...refusal('other-origin', pass), prefix: '/~' };
		}
		const grant = pass && (await this.#grants.of(pass));
		if (!pass || !grant) return NOBODY;
		const prefix = `/~${sealed}`;
		return this.#let(request, { pass, grant, path: path || '/', origin: address.origin, prefix });
	}

	#let(
		request: IncomingMessage,
		to: { pass: Pass; grant: Grant; path: string; origin: string; prefix: string },
	): Let {
		const { pass, grant, path, origin, prefix } = to;
		const address = request.socket.remoteAddress;
		const exchange = { origin, prefix, port: pass.port, framedBy: pass.origin, address };
		return { ok: true, pass, grant, path, exchange };
	}

	async #tunnelled(
		{ pass, grant }: Let,
		browser: Duplex,
		use: (app: Socket) => Promise<Trouble | undefined>,
	): Promise<Trouble | undefined> {
		const { id, name } = grant.viewer;
		const ticket = await this.#deps.tickets.forBrowser({
			aud: 'preview',
			user: { id, name, role: grant.role },
			resource: previewResource(pass.workspace, pass.port),
			access: 'write',
		});
		let app: Socket;
		try {
			app = await openTunnel(this.#deps.runnerdUrl, pass, ticket);
		} catch (error) {
			if (error instanceof NoTunnel) return error.code;
			throw error;
		}
		// Whoever asked may have gone meanwhile: nobody would end it then.
		if (browser.destroyed) return void app.destroy();
		return use(app).catch((cause: unknown) => {
			app.destroy();
			throw cause;
		});
	}
}

/** Who may frame what is only said isn't known then; it acts on nothing. */
const NOBODY: Refused = {
	ok: false,
	trouble: 'signed-out',
	port: 0,
	framedBy: '*',
	prefix: '',
};
const refusal = (trouble: Trouble, pass: Pass): Refused => ({
	...{ ok: false, trouble, port: pass.port, framedBy: pass.origin, prefix: '' },
});

const seconds = (): number => Math.floor(Date.now() / 1000);
const isFor = (pass: Pass, place: PreviewPlace): boolean =>
	pass.workspace === place.workspace && pass.port === place.port;

/**
 * The cookie says who sits at the browser, not which page asks: only the app's own pages may, and those
 * of other ports of the same workspace. To follow a link is everybody's.
 */
function comesFromThere(
	request: IncomingMessage,
	place: PreviewPlace,
	way: (place: PreviewPlace) => PreviewWay,
): boolean {
	const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
	if (origin !== undefined) {
		const label = URL.parse(origin)?.hostname.split('.')[0] ?? '';
		const from = placeOfLabel(label);
		if (from?.workspace !== place.workspace) return false;
		const there = way(from);
		return there.kind === 'own' && there.origin === origin;
	}
	const reads = request.method === 'GET' || request.method === 'HEAD';
	return (
		site === undefined ||
		/^(same-origin|none)$/.test(String(site)) ||
		(reads && mode === 'navigate')
	);
}

const isPreflight = (request: IncomingMessage): boolean =>
	request.method === 'OPTIONS' &&
	request.headers.origin === 'null' &&
	request.headers['access-control-request-method'] !== undefined;

/** The app takes its pages for its own, so it answers none of these. */
function preflight(request: IncomingMessage, response: ServerResponse): void {
	const { 'access-control-request-method': method, 'access-control-request-headers': names } =
		request.headers;
	response.writeHead(204, [
		...openToItself().flat(),
		...['Access-Control-Allow-Methods', method ?? 'GET'],
		...(names === undefined ? [] : ['Access-Control-Allow-Headers', names]),
		...['Cache-Control', 'no-store'],
	]);
	response.end();
}

function say(response: ServerResponse, { trouble, port, framedBy, prefix }: Refused): void {
	if (response.headersSent) return void response.destroy();
	const { status, html } = wordsFor(trouble, port, response.req.method === 'GET');
	response.writeHead(status, [
		...['Content-Type', 'text/html; charset=utf-8', 'Cache-Control', 'no-store'],
		...['Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'"],
		...['Content-Security-Policy', framing({ framedBy, prefix })],
		...['X-Content-Type-Options', 'nosniff'],
		// What of the request wasn't read would be taken for the next one.
		...['Connection', 'close'],
	]);
	response.end(html);
}

function refuseSocket(socket: Duplex, status: number): void {
	if (socket.destroyed) return;
	socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
