// The HTTP side of runnerd's API: reading bounded bodies, sending answers, refusing in words.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { ServiceError } from '@containrlab/protocol/sandbox.ts';

/** An expected refusal: a status and a stable code. */
export class Refusal extends Error {
	readonly status: number;
	readonly code: string;

	constructor(status: number, code: string, message: string, options?: ErrorOptions) {
		super(message, options);
		this.status = status;
		this.code = code;
	}
}

/** Compares in constant time, whatever the lengths. */
export function hasBearer(request: IncomingMessage, token: string): boolean {
	const digest = (text: string) => createHash('sha256').update(text).digest();
	return timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`));
}

export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
	const tooLarge = new Refusal(413, 'too-large', `the body may have ${limit} bytes`);
	if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge;
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size > limit) throw tooLarge;
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}

export async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
	const body = await readBody(request, limit);
	try {
		return JSON.parse(body.toString('utf8')) as unknown;
	} catch (cause) {
		throw new Refusal(400, 'malformed', 'the body is not JSON', { cause });
	}
}

export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	throw new Refusal(400, 'malformed', z.prettifyError(parsed.error).slice(0, 2000));
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
	response.end(JSON.stringify(body));
}

export function sendRefusal(response: ServerResponse, { status, code, message }: Refusal): void {
	if (response.headersSent) return void response.destroy();
	// What is left of a body that we won't read would be taken for the next request.
	if (status === 413) response.setHeader('connection', 'close');
	sendJson(response, status, { error: { code, message } } satisfies ServiceError);
}
