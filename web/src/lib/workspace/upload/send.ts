// The bytes of a file that isn't text on their way to the server, with how far they are.

import { z } from 'zod';

const Kept = z.object({ sha: z.string(), size: z.number() });
const Refusal = z.object({ message: z.string(), advice: z.string().optional() });

export type Sent = { ok: true; sha: string; size: number } | { ok: false; reason: string };

const UNREACHABLE = 'The server could not be reached.';

/** `fetch` can't tell how much has gone out; XMLHttpRequest can. */
export function sendBytes(
	url: string,
	bytes: Uint8Array<ArrayBuffer>,
	onProgress: (fraction: number) => void,
	signal: AbortSignal,
): Promise<Sent> {
	return new Promise((resolve) => {
		const request = new XMLHttpRequest();
		request.open('POST', url);
		request.setRequestHeader('content-type', 'application/octet-stream');
		request.setRequestHeader('accept', 'application/json');
		request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
		request.onload = () => resolve(answerOf(request));
		request.onerror = () => resolve({ ok: false, reason: UNREACHABLE });
		request.onabort = () => resolve({ ok: false, reason: 'Cancelled.' });
		signal.addEventListener('abort', () => request.abort(), { once: true });
		request.send(bytes);
	});
}

function answerOf({ status, responseText }: XMLHttpRequest): Sent {
	const answer = parsed(responseText);
	if (status === 201) {
		const kept = Kept.safeParse(answer);
		if (kept.success) return { ok: true, ...kept.data };
	}
	const refusal = Refusal.safeParse(answer);
	const words = refusal.success
		? [refusal.data.message, refusal.data.advice].filter(Boolean).join(' ')
		: UNREACHABLE;
	return { ok: false, reason: words };
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
