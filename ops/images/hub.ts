// Docker Hub, when it answers quickly; never a long hang where it doesn't.

import type Docker from 'dockerode';
import { follow } from './build.ts';

/** Until the engine reports the first progress. */
const ANSWER_MS = 5_000;
/** Between two reports afterwards. */
const STALL_MS = 30_000;

/** Pulls an image; false when Docker Hub doesn't answer, or stops doing so. */
export async function pull(docker: Docker, image: string): Promise<boolean> {
	const abort = new AbortController();
	let timer = setTimeout(() => abort.abort(), ANSWER_MS);
	try {
		const stream = await docker.pull(image, { abortSignal: abort.signal });
		// An aborted response ends its stream without a word: make it an error.
		abort.signal.addEventListener('abort', () => {
			(stream as NodeJS.ReadableStream & { destroy(error: Error): void }).destroy(
				new Error('Docker Hub does not answer'),
			);
		});
		await follow(docker, stream, () => {
			clearTimeout(timer);
			timer = setTimeout(() => abort.abort(), STALL_MS);
		});
		return !abort.signal.aborted;
	} catch {
		return false;
	} finally {
		clearTimeout(timer);
	}
}
