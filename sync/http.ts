// The HTTP routes of sync: its health for anyone, the rest for the holder of the service's token.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RoomName } from '@containrlab/protocol/id.ts';
import {
	AUTHOR_HEADER,
	CLOSE,
	FoldRequest,
	type FoldAnswer,
	RevokeRequest,
	SNAPSHOT_SEQ_HEADER,
	SYNC_LIMITS,
} from '@containrlab/protocol/sync.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Revocations } from './revocations.ts';
import type { Close } from './member.ts';
import type { Rooms } from './rooms.ts';
import type { Storage } from './storage.ts';

export interface HttpContext {
	rooms: Rooms;
	storage: Storage;
	revocations: Revocations;
	token: string;
	logger: Logger;
	metrics: Metrics;
}

/** `code` is stable and for programs; bodies are `{code}` as JSON. */
interface Refusal {
	status: number;
	code: string;
}

export function httpHandler(context: HttpContext) {
	return (request: IncomingMessage, response: ServerResponse): void => {
		answer(context, request, response).catch((cause: unknown) => {
			context.logger.error('request failed', { cause });
			if (response.headersSent) response.destroy();
			else refuse(response, { status: 500, code: 'internal' });
		});
	};
}

async function answer(
	context: HttpContext,
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	const url = new URL(request.url ?? '/', 'http://sync');
	if (request.method === 'GET' && url.pathname === '/health') {
		return json(response, 200, { ok: true, rooms: context.rooms.size });
	}
	if (request.method === 'GET' && url.pathname === '/ready') return ready(context, response);
	if (!isBearer(request.headers.authorization, context.token)) {
		return refuse(response, { status: 401, code: 'unauthorized' });
	}
	if (request.method === 'GET' && url.pathname === '/metrics') return metrics(context, response);
	const [, room, action] = /^\/rooms\/([^/]+)\/([a-z]+)$/.exec(url.pathname) ?? [];
	const name = RoomName.safeParse(room === undefined ? '' : decodeURIComponent(room));
	if (!name.success) return refuse(response, { status: 404, code: 'not-found' });
	switch (`${request.method} ${action}`) {
		case 'GET snapshot':
			return snapshot(context, name.data, url, response);
		case 'POST updates':
			return updates(context, name.data, request, response);
		case 'POST revoke':
			return revoke(context, name.data, request, response);
		case 'POST fold':
			return fold(context, name.data, request, response);
		default:
			return refuse(response, { status: 404, code: 'not-found' });
	}
}

/** With the store away this process is alive and holds people's edits: end it for nothing less. */
async function ready({ rooms, storage }: HttpContext, response: ServerResponse): Promise<void> {
	try {
		if (!rooms.isReady) throw new Error('not now');
		await storage.ping();
		json(response, 200, { ok: true });
	} catch {
		refuse(response, { status: 503, code: 'storage-unavailable' });
	}
}

async function metrics(context: HttpContext, response: ServerResponse): Promise<void> {
	const { registry } = context.metrics;
	const text = await registry.metrics();
	response.writeHead(200, { 'content-type': registry.contentType });
	response.end(text);
}

async function snapshot(
	{ rooms }: HttpContext,
	name: string,
	url: URL,
	response: ServerResponse,
): Promise<void> {
	const after = Number(url.searchParams.get('after') ?? '0');
	const found = await rooms.open(name);
	if (!found.ok) return refuse(response, refusalOf(found.close));
	try {
		const settled = await found.room.settled();
		if (!settled) return refuse(response, { status: 503, code: 'storage-unavailable' });
		if (!(settled.seq >= after)) return refuse(response, { status: 409, code: 'not-reached' });
		response.writeHead(200, {
			'content-type': 'application/octet-stream',
			[SNAPSHOT_SEQ_HEADER]: String(settled.seq),
		});
		response.end(settled.state);
	} finally {
		found.release();
	}
}

const APPLY_STATUS = {
	malformed: 400,
	'too-large': 413,
	'too-costly': 422,
	unavailable: 503,
} as const;

async function updates(
	{ rooms }: HttpContext,
	name: string,
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	const author = request.headers[AUTHOR_HEADER];
	if (typeof author !== 'string' || author.length < 1 || author.length > 80) {
		return refuse(response, { status: 400, code: 'no-author' });
	}
	const body = await readBody(request, SYNC_LIMITS.frame);
	if (!body) return refuse(response, { status: 413, code: 'too-large' });
	const found = await rooms.open(name);
	if (!found.ok) return refuse(response, refusalOf(found.close));
	try {
		const applied = await found.room.apply(author, body);
		if (applied.ok) json(response, 200, { seq: applied.seq });
		else refuse(response, { status: APPLY_STATUS[applied.code], code: applied.code });
	} finally {
		found.release();
	}
}

async function revoke(
	{ rooms, revocations }: HttpContext,
	name: string,
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	const body = await readBody(request, 4096);
	const parsed = RevokeRequest.safeParse(body && parseJson(body));
	if (!parsed.success) return refuse(response, { status: 400, code: 'malformed' });
	const { userId, final } = parsed.data;
	revocations.add(name, userId, final);
	const room = await rooms.loaded(name);
	room?.closeUser(userId, final ? CLOSE.revoked : CLOSE.recheck);
	json(response, 200, { ok: true });
}

async function fold(
	{ rooms, storage }: HttpContext,
	name: string,
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	const body = await readBody(request, 4096);
	const parsed = FoldRequest.safeParse(body && parseJson(body));
	if (!parsed.success) return refuse(response, { status: 400, code: 'malformed' });
	const bytes = await storage.foldHistory(name, { since: new Date(parsed.data.before) });
	(await rooms.loaded(name))?.logSize.add(-bytes);
	json(response, 200, { bytes } satisfies FoldAnswer);
}

function refusalOf({ code, reason }: Close): Refusal {
	if (code === CLOSE.unknownRoom.code) return { status: 404, code: reason };
	return { status: code >= 4500 ? 503 : 500, code: reason };
}

/** In constant time, whatever the lengths. */
function isBearer(header: string | undefined, token: string): boolean {
	const digest = (text: string) => createHash('sha256').update(text).digest();
	return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
}

/** Undefined when it is larger than allowed. */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		length += chunk.length;
		if (length > limit) return undefined;
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}

function parseJson(body: Buffer): unknown {
	try {
		return JSON.parse(body.toString('utf8'));
	} catch {
		return undefined;
	}
}

function json(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { 'content-type': 'application/json' });
	response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, { status, code }: Refusal): void {
	// What is left of a body that was too large isn't worth reading.
	if (status === 413) response.setHeader('connection', 'close');
	json(response, status, { code });
}
