// The upgrade proxy: checks who asks for a socket, forwards a fresh ticket, and pipes bytes.

import type { IncomingMessage } from 'node:http';
import { connect as connectPlain, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Database } from '@containrlab/db/connect.ts';
import { Id, RoomName, workspaceOfRoom, workspaceRoom } from '@containrlab/protocol/id.ts';
import { ACK_PARAMETER, CLOSE } from '@containrlab/protocol/sync.ts';
import { TICKET_HEADER, type Role } from '@containrlab/protocol/ticket.ts';
import { WebSocketServer } from 'ws';
import { accessToWorkspace, type WorkspaceGrant } from './access.ts';
import { SESSION_COOKIE, type Auth, type Viewer } from './auth.ts';
import { ClientFrames, isEdit, isTyping } from './client-frames.ts';
import { cookieName, cookieOf } from './cookie.ts';
import type { Log } from './log.ts';
import { addressOf, isFromOurPages, type Site } from './origin.ts';
import { placeOf, type Presence } from './presence.ts';
import type { OpenConnections } from './revocation.ts';
import type { TicketClaim, TicketSigner } from './tickets.ts';

/** More than a person with many tabs opens; a bound, not a policy. */
const SOCKETS_PER_PERSON = 64;
const CONNECT_MS = 5_000;

export interface UpgradeDeps {
	db: Database;
	auth: Auth;
	tickets: TicketSigner;
	open: OpenConnections;
	presence: Presence;
	log: Log;
	site: Site;
	syncUrl: string;
	runnerdUrl: string;
}

/** What a path asks for, before anyone knows whether they may. */
export type SocketTarget =
	| { kind: 'sync'; workspaceId: string; ack: boolean }
	| { kind: 'terminal'; workspaceId: string; terminal: string };

export function targetOf(url: string): SocketTarget | undefined {
	const parsed = URL.parse(url, 'http://localhost');
	if (!parsed) return undefined;
	const { pathname, searchParams } = parsed;
	const segments = safeSegments(pathname) ?? [];
	const [service, name, terminal, ...rest] = isApi(segments)
		? ['terminal', segments[2], searchParams.get('terminal') ?? '1']
		: segments;
	if (name === undefined || rest.length > 0) return undefined;
	if (service === 'sync' && terminal === undefined && RoomName.safeParse(name).success) {
		const workspaceId = workspaceOfRoom(name);
		if (workspaceId === undefined) return undefined;
		return { kind: 'sync', workspaceId, ack: searchParams.get(ACK_PARAMETER) === '1' };
	}
	if (service === 'terminal' && terminal !== undefined && /^[1-9]\d?$/.test(terminal)) {
		if (!Id.safeParse(name).success) return undefined;
		return { kind: 'terminal', workspaceId: name, terminal };
	}
	return undefined;
}

/** `/api/sessions/<id>/terminal/ws?terminal=<n>`: the same terminal under the API's name for it. */
const isApi = ([api, sessions, , terminal, ws, ...rest]: string[]): boolean =>
	api === 'api' &&
	sessions === 'sessions' &&
	terminal === 'terminal' &&
	ws === 'ws' &&
	!rest.length;

function safeSegments(pathname: string): string[] | undefined {
	try {
		return pathname.slice(1).split('/').map(decodeURIComponent);
	} catch {
		return undefined;
	}
}

export class UpgradeProxy {
	readonly #deps: UpgradeDeps;
	/** Only for refusals that a browser's script can read: accepted, then closed with a code. */
	readonly #refusals = new WebSocketServer({ noServer: true, maxPayload: 1024 });

	constructor(deps: UpgradeDeps) {
		this.#deps = deps;
	}

	/** Whether the path is ours; others (Vite's own socket) are left alone. */
	handles(request: IncomingMessage): boolean {
		return /^\/(sync|terminal|api)\//.test(request.url ?? '');
	}

	async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
		socket.on('error', () => socket.destroy());
		try {
			await this.#upgrade(request, socket, head);
		} catch (cause) {
			this.#deps.log('error', 'an upgrade failed', { cause });
			this.#refuse(request, socket, head, CLOSE.unavailable);
		}
	}

	async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
		const { auth, db, open, tickets } = this.#deps;
		const address = addressOf(request, this.#deps.site);
		// Another site's page must not even learn whether there is a session.
		if (address.kind !== 'ours' || !isFromOurPages(request, address.origin)) {
			return answer(socket, 403, 'Forbidden');
		}
		const target = targetOf(request.url ?? '');
		if (!target) return this.#refuse(request, socket, head, CLOSE.unknownRoom);
		const sessionId = cookieOf(
			request.headers.cookie,
			cookieName(SESSION_COOKIE, address.origin.startsWith('https:')),
		);
		const session = sessionId === undefined ? undefined : await auth.viewer(sessionId);
		if (!session) return this.#refuse(request, socket, head, CLOSE.unauthorized);
		const { viewer } = session;
		if (open.countOf(viewer.id) >= SOCKETS_PER_PERSON) {
			return this.#refuse(request, socket, head, CLOSE.tooMany);
		}
		// Registered before the check: an access that ends meanwhile cuts this socket too.
		using registered = new Registration(open, viewer, socket);
		const access = await accessToWorkspace(db, viewer, target.workspaceId, 'see');
		if (!access.ok) return this.#refuse(request, socket, head, CLOSE.revoked);
		registered.inClass(access.workspace.classId);
		const ticket = await tickets.forBrowser(claimFor(target, viewer, access));
		// Signed out between the session's check and the registration: look once more.
		if (!(await auth.viewer(viewer.sessionId))) {
			return this.#refuse(request, socket, head, CLOSE.unauthorized);
		}
		const service = await connectTo(this.#urlOf(target)).catch(() => undefined);
		if (!service) return this.#refuse(request, socket, head, CLOSE.unavailable);
		if (socket.destroyed) return void service.destroy();
		service.write(requestHead(request, this.#urlOf(target), target, ticket));
		if (head.length > 0) service.write(head);
		join(socket, service);
		if (access.isOwner) this.#follow(target, access, socket, head);
		registered.keepUntilClosed();
	}

	/** Owners are here while their document is open, and at work while they type. */
	#follow(
		{ kind }: SocketTarget,
		{ workspace }: WorkspaceGrant,
		socket: Duplex,
		head: Buffer,
	): void {
		const { presence } = this.#deps;
		const place = placeOf(workspace);
		if (kind === 'sync' && !socket.destroyed) {
			const here = presence.open(place);
			socket.once('close', () => here[Symbol.dispose]());
		}
		const isWork = kind === 'sync' ? isEdit : isTyping;
		const frames = new ClientFrames((message) => isWork(message) && presence.active(place));
		frames.take(head);
		socket.on('data', (chunk: Buffer) => frames.take(chunk));
	}

	#urlOf(target: SocketTarget): URL {
		return new URL(target.kind === 'sync' ? this.#deps.syncUrl : this.#deps.runnerdUrl);
	}

	#refuse(
		request: IncomingMessage,
		socket: Duplex,
		head: Buffer,
		close: { code: number; reason: string },
	): void {
		if (socket.destroyed) return;
		this.#refusals.handleUpgrade(request, socket, head, (accepted) => {
			accepted.on('error', () => accepted.terminate());
			accepted.close(close.code, close.reason);
		});
	}
}

/** A socket's entry among the open ones, from its first check to its end. */
class Registration implements Disposable {
	readonly #entry;
	readonly #handle: Disposable;
	readonly #socket: Duplex;
	#kept = false;

	constructor(open: OpenConnections, viewer: Viewer, socket: Duplex) {
		this.#socket = socket;
		this.#entry = {
			userId: viewer.id,
			sessionId: viewer.sessionId,
			classId: undefined as string | undefined,
			cut: () => socket.destroy(),
		};
		this.#handle = open.add(this.#entry);
	}

	inClass(classId: string): void {
		this.#entry.classId = classId;
	}

	keepUntilClosed(): void {
		if (this.#socket.destroyed) return;
		this.#kept = true;
		this.#socket.once('close', () => this.#handle[Symbol.dispose]());
	}

	[Symbol.dispose](): void {
		if (!this.#kept) this.#handle[Symbol.dispose]();
	}
}

function claimFor(target: SocketTarget, viewer: Viewer, access: { role: Role }): TicketClaim {
	const user = { id: viewer.id, name: viewer.name, role: access.role };
	if (target.kind === 'sync') {
		const resource = workspaceRoom(target.workspaceId);
		return { aud: 'sync', user, resource, access: 'write' };
	}
	// Whoever sees a workspace may be handed its keyboard; until then runnerd lets the driver alone type.
	return { aud: 'terminal', user, resource: target.workspaceId, access: 'write' };
}

const WEBSOCKET_HEADERS = [
	'sec-websocket-key',
	'sec-websocket-version',
	'sec-websocket-extensions',
	'sec-websocket-protocol',
] as const;

/**
 * The request as the service gets it: built anew from what a WebSocket needs, so that no cookie, no
 * ticket of the client's own and no header that we didn't think of gets through.
 */
export function requestHead(
	request: IncomingMessage,
	url: URL,
	target: SocketTarget,
	ticket: string,
): string {
	const path =
		target.kind === 'sync'
			? `/${workspaceRoom(target.workspaceId)}${target.ack ? `?${ACK_PARAMETER}=1` : ''}`
			: `/terminal/${target.workspaceId}/${target.terminal}`;
	const lines = [
		`GET ${path} HTTP/1.1`,
		`Host: ${url.host}`,
		'Connection: Upgrade',
		'Upgrade: websocket',
		`${TICKET_HEADER}: ${ticket}`,
	];
	for (const name of WEBSOCKET_HEADERS) {
		const value = request.headers[name];
		if (typeof value === 'string') lines.push(`${name}: ${value}`);
	}
	return `${lines.join('\r\n')}\r\n\r\n`;
}

function connectTo(url: URL): Promise<Socket> {
	const secure = url.protocol === 'https:';
	const port = Number(url.port || (secure ? 443 : 80));
	const host = url.hostname.replace(/^\[|\]$/g, '');
	const socket = secure ? connectTls({ host, port, servername: host }) : connectPlain(port, host);
	return new Promise((resolve, reject) => {
		socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error('connecting took too long')));
		socket.once('error', reject);
		socket.once(secure ? 'secureConnect' : 'connect', () => {
			socket.setTimeout(0);
			socket.off('error', reject);
			resolve(socket);
		});
	});
}

/** Two sockets as one: bytes both ways with backpressure, and the end of one ends the other. */
function join(client: Duplex, service: Socket): void {
	for (const socket of [client, service])
		if ('setNoDelay' in socket) (socket as Socket).setNoDelay();
	service.on('error', () => service.destroy());
	client.once('close', () => service.destroy());
	service.once('close', () => client.destroy());
	client.pipe(service);
	service.pipe(client);
}

function answer(socket: Duplex, status: number, words: string): void {
	socket.end(`HTTP/1.1 ${status} ${words}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
