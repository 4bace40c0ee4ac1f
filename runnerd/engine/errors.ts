// The engine's refusals, and its silence, as the rest of runnerd knows them.

import { SandboxError } from '../sandboxes/handle.ts';

type EngineFailure = Error & { statusCode?: number };

export const statusOf = (error: unknown): number | undefined => (error as EngineFailure).statusCode;

/** Engine errors in our words: no status means that nobody answered. */
export function translate(error: unknown): unknown {
	if (error instanceof SandboxError) return error;
	if ((error as Error).name === 'AbortError') return error;
	const status = statusOf(error);
	if (status === undefined) {
		return new SandboxError('engine-unreachable', 'the engine does not answer', { cause: error });
	}
	const code = status === 404 || status === 409 ? 'sandbox-lost' : 'start-failed';
	return new SandboxError(code, `the engine refused: ${(error as Error).message}`, {
		cause: error,
	});
}

export async function guard<T>(promise: Promise<T>): Promise<T> {
	try {
		return await promise;
	} catch (error) {
		throw translate(error);
	}
}

export async function ignore(statuses: number[], promise: Promise<unknown>): Promise<void> {
	try {
		await promise;
	} catch (error) {
		if (!statuses.includes(statusOf(error) ?? 0)) throw translate(error);
	}
}
