// One HTTP call to sync or runnerd: bearer, time limit, and failures told apart.

import { ServiceError } from '@containrlab/protocol/sandbox.ts';

/** Nobody answered, or not in time: the call may be repeated. */
export class Unreachable extends Error {
	readonly code = 'unreachable';
}

/** The service answered, and said no. `code` is what it gave. */
export class Refused extends Error {
	readonly status: number;
	readonly code: string;
	constructor(service: string, status: number, code: string, message: string) {
		super(`${service} refused: ${status} ${code}: ${message}`);
		this.status = status;
		this.code = code;
	}
}

export interface Service {
	name: string;
	url: string;
	token: string;
}

export interface Call {
	method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
	headers?: Record<string, string>;
	json?: unknown;
	bytes?: Uint8Array;
	timeoutMs: number;
	signal?: AbortSignal;
}

export async function call(service: Service, path: string, options: Call): Promise<Response> {
	const response = await send(service, path, options);
	if (response.ok) return response;
	const text = await bounded(response).catch(() => '');
	const { code, message } = serviceError(text) ?? { code: 'unknown', message: text.slice(0, 500) };
	// 502–504 come from something between us and a service that isn't there.
	if (response.status >= 502 && response.status <= 504 && code === 'unknown') {
		throw new Unreachable(`${service.name} answered ${response.status}`);
	}
	throw new Refused(service.name, response.status, code, message);
}

async function send(service: Service, path: string, options: Call): Promise<Response> {
	const { method = 'GET', json, bytes, timeoutMs, signal } = options;
	const headers: Record<string, string> = {
		...options.headers,
		authorization: `Bearer ${service.token}`,
	};
	if (json !== undefined) headers['content-type'] = 'application/json';
	if (bytes !== undefined) headers['content-type'] = 'application/octet-stream';
	const body = json !== undefined ? JSON.stringify(json) : (bytes as Uint8Array<ArrayBuffer>);
	const timeout = AbortSignal.timeout(timeoutMs);
	try {
		return await fetch(new URL(path, service.url), {
			method,
			headers,
			...(body !== undefined && { body }),
			signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
			redirect: 'error',
		});
	} catch (cause) {
		if (signal?.aborted) throw signal.reason;
		throw new Unreachable(`${service.name} is unreachable`, { cause });
	}
}

/** The body, which may still be on its way when the service dies. */
export async function bytesOf(response: Response, limit: number): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let size = 0;
	try {
		for await (const chunk of response.body ?? []) {
			size += chunk.length;
			if (size > limit) break;
			chunks.push(chunk);
		}
	} catch (cause) {
		throw new Unreachable('the answer broke off', { cause });
	}
	if (size > limit) throw new Error(`an answer of more than ${limit} bytes`);
	return Buffer.concat(chunks);
}

export async function jsonOf(response: Response, limit = 64 * 1024 * 1024): Promise<unknown> {
	return JSON.parse(new TextDecoder().decode(await bytesOf(response, limit)));
}

const bounded = async (response: Response): Promise<string> =>
	new TextDecoder().decode(await bytesOf(response, 64 * 1024));

function serviceError(text: string): ServiceError['error'] | undefined {
	try {
		return ServiceError.safeParse(JSON.parse(text)).data?.error;
	} catch {
		return undefined;
	}
}
