// What web asks of sync.

import {
	AUTHOR_HEADER,
	FoldAnswer,
	SNAPSHOT_SEQ_HEADER,
	SYNC_LIMITS,
	type FoldRequest,
	type RevokeRequest,
} from '@containrlab/protocol/sync.ts';
import { bytesOf, call, type Service } from './service-call.ts';

/** A log is replayed for it, after those in front of it. */
const FOLD_MS = 180_000;

export class SyncClient {
	readonly #service: Service;

	constructor(url: string, token: string) {
		this.#service = { name: 'sync', url, token };
	}

	/** The document's state as one update, and its position in the log, which is `after` or later. */
	async snapshot(room: string, after = 0): Promise<{ seq: number; update: Uint8Array }> {
		const response = await call(
			this.#service,
			`/rooms/${encodeURIComponent(room)}/snapshot?after=${after}`,
			{ timeoutMs: 15_000 },
		);
		const seq = Number(response.headers.get(SNAPSHOT_SEQ_HEADER));
		if (!Number.isSafeInteger(seq)) throw new Error('sync named no log position');
		return { seq, update: await bytesOf(response, SYNC_LIMITS.document * 2) };
	}

	/** Resolves once the edit is durable. */
	async applyUpdate(room: string, author: string, update: Uint8Array): Promise<void> {
		const response = await call(this.#service, `/rooms/${encodeURIComponent(room)}/updates`, {
			method: 'POST',
			headers: { [AUTHOR_HEADER]: author },
			bytes: update,
			timeoutMs: 15_000,
		});
		await response.body?.cancel();
	}

	/** Forgets what led to a document before a time; whether there was anything. */
	async fold(room: string, before: Date): Promise<boolean> {
		const response = await call(this.#service, `/rooms/${encodeURIComponent(room)}/fold`, {
			method: 'POST',
			json: { before: before.toISOString() } satisfies FoldRequest,
			timeoutMs: FOLD_MS,
		});
		return FoldAnswer.parse(await response.json()).bytes > 0;
	}

	async revoke(room: string, request: RevokeRequest): Promise<void> {
		const response = await call(this.#service, `/rooms/${encodeURIComponent(room)}/revoke`, {
			method: 'POST',
			json: request,
			timeoutMs: 5_000,
		});
		await response.body?.cancel();
	}
}
