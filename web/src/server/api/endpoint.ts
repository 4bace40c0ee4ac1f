// One operation as a SvelteKit handler: who asks, how often, what they sent, and every failure as the
// one shape that the API has.

import { isHttpError, type RequestEvent } from '@sveltejs/kit';
import { z } from 'zod';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { app } from '../app.ts';
import type { Viewer } from '../auth.ts';
import { isTemporary } from '../failure.ts';
import type { Operation } from './operations.ts';
import { Pace } from './pace.ts';
import {
	ApiRefusal,
	refusalBody,
	REFUSALS,
	type RefusalCode,
	type RefusalDetail,
} from './refusals.ts';

/** A text at its limit, each second character of it escaped. */
const BODY_LIMIT = 2 * FILE_LIMITS.text;

type OutputOf<T> = T extends z.ZodType ? z.output<T> : undefined;
type StatusOf<O extends Operation> = keyof O['answers'] & number;
type BodyOf<
	O extends Operation,
	S extends StatusOf<O>,
> = O['answers'][S]['schema'] extends z.ZodType ? z.input<O['answers'][S]['schema']> : null;

export interface ApiRequest<O extends Operation> {
	viewer: O extends { open: true } ? Viewer | null : Viewer;
	/** Of the path, as they were sent. */
	params: Partial<Record<string, string>>;
	query: OutputOf<O['query']>;
	headers: Headers;
	body: OutputOf<O['body']>;
	url: URL;
}

/** Only what the operation says that it answers. */
export type Answer<O extends Operation> = <S extends StatusOf<O>>(
	status: S,
	body: BodyOf<O, S>,
	headers?: Record<string, string>,
) => Response;

type Handler = (event: RequestEvent) => Promise<Response>;

const pace = new Pace();

export function endpoint<const O extends Operation>(
	operation: O,
	handle: (request: ApiRequest<O>, answer: Answer<O>) => Promise<Response>,
): Handler {
	return (event) =>
		guarded(event, async () => {
			const viewer = admit(operation, event);
			const query = operation.query && parse(operation.query, queryOf(event.url));
			const body = operation.body && parse(operation.body, await jsonOf(event.request));
			const { params, url } = event;
			const headers = event.request.headers;
			const request = { viewer, params, query, headers, body, url } as ApiRequest<O>;
			return handle(request, respond);
		});
}

/** For every method that a route has no operation for. */
export const otherwise =
	(...operations: readonly Operation[]): Handler =>
	async () => {
		if (operations.length === 0) return refuse('no-such-address');
		const methods = operations.map((operation) => operation.method as string);
		if (methods.includes('GET')) methods.push('HEAD');
		return refuse('method-not-allowed', { headers: { allow: methods.sort().join(', ') } });
	};

/** Runs what answers a request of the API; whatever it throws becomes an answer, too. */
export async function guarded(
	event: Pick<RequestEvent, 'request' | 'route'>,
	work: () => Promise<Response>,
): Promise<Response> {
	try {
		return await work();
	} catch (cause) {
		if (cause instanceof ApiRefusal) return refuse(cause.code, cause.detail);
		if (isHttpError(cause) && cause.status < 500) {
			return refuse(CODES[cause.status] ?? 'bad-request', { message: cause.body.message });
		}
		const { method } = event.request;
		app().log('error', 'a request failed', { method, route: event.route.id, cause });
		return refuse(isTemporary(cause) ? 'unavailable' : 'broken');
	}
}

/** For what is refused before an operation gets to see it. */
const CODES: Record<number, RefusalCode> = {
	403: 'forbidden',
	404: 'no-such-address',
	413: 'too-large',
	415: 'not-json',
};

function admit(operation: Operation, { locals }: RequestEvent): Viewer | null {
	const { viewer } = locals;
	if (operation.open) return viewer;
	if (!viewer) throw new ApiRefusal('signed-out');
	const wait = operation.paced ? pace.take(viewer.id) : 0;
	if (wait > 0) {
		throw new ApiRefusal('too-many-requests', { headers: { 'retry-after': String(wait) } });
	}
	return viewer;
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	const hint = z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 500);
	throw new ApiRefusal('bad-request', { hint });
}

const queryOf = (url: URL) => Object.fromEntries(url.searchParams);

async function jsonOf(request: Request): Promise<unknown> {
	const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
	if (type !== 'application/json') throw new ApiRefusal('not-json');
	const bytes = await bodyOf(request);
	try {
		return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
	} catch {
		throw new ApiRefusal('bad-json');
	}
}

async function bodyOf(request: Request): Promise<Uint8Array> {
	const tooLarge = () =>
		new ApiRefusal('too-large', { hint: `A request holds ${BODY_LIMIT} bytes at most.` });
	const chunks: Uint8Array[] = [];
	let size = 0;
	try {
		for await (const chunk of request.body ?? []) {
			size += chunk.length;
			// Read to its end, up to a point: who is cut off while sending never sees the answer.
			if (size > 8 * BODY_LIMIT) throw tooLarge();
			if (size <= BODY_LIMIT) chunks.push(chunk);
		}
	} catch (cause) {
		// The server's own bound, which it tells by breaking the body off.
		throw (cause as { status?: unknown }).status === 413 ? tooLarge() : cause;
	}
	if (size > BODY_LIMIT) throw tooLarge();
	return Buffer.concat(chunks);
}

export function refuse(code: RefusalCode, detail: RefusalDetail = {}): Response {
	return respond(REFUSALS[code].status, refusalBody(code, detail), detail.headers);
}

function respond(status: number, body: unknown, headers: Record<string, string> = {}): Response {
	const common = { 'cache-control': 'private, no-store' };
	if (body === null) return new Response(null, { status, headers: { ...common, ...headers } });
	return new Response(JSON.stringify(body), {
		status,
		headers: { ...common, 'content-type': 'application/json', ...headers },
	});
}
