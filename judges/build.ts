// Builds the image as the student would, and brings home how it went.

import { z } from 'zod';
import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { plain, Tail } from './text.ts';

/** The name that the judged image has in the judge's sandbox. */
export const IMAGE = 'judged';

/** What we read of `docker image inspect`. */
const ImageFacts = z.object({ Size: z.number().int() });

export type BuildOutcome =
	| { status: 'built'; durationMs: number; imageBytes: number }
	| { status: 'failed'; durationMs: number; output: string }
	| { status: 'timeout'; durationMs: number; output: string };

/** Characters of the output's end that are kept to explain a failure. */
const TAIL = 64 * 1024;

const SCRIPT = `
export BUILDKIT_PROGRESS=plain NO_COLOR=1
docker build --tag ${IMAGE} . && docker image inspect --format '{{json .}}' ${IMAGE}
`;

export async function buildImage(
	sandbox: Sandbox,
	options: {
		timeoutMs: number;
		now: () => number;
		onOutput: (chunk: Uint8Array) => void;
		signal?: AbortSignal;
	},
): Promise<BuildOutcome> {
	const tail = new Tail(TAIL);
	const started = options.now();
	const outcome = await sandbox.exec(['sh', '-c', SCRIPT], {
		timeoutMs: options.timeoutMs,
		onOutput: (stream, chunk) => {
			if (stream !== 'stderr') return;
			tail.push(chunk);
			options.onOutput(chunk);
		},
		...(options.signal && { signal: options.signal }),
	});
	const durationMs = options.now() - started;
	const output = plain(tail.text);
	if (outcome.exitCode === null) {
		// A daemon that never came to the student's own steps is ours to explain.
		if (!/^#\d+ \[[^\]]*\d+\/\d+\]/m.test(output)) {
			throw new InfrastructureError('build-stalled', output.slice(-2000));
		}
		return { status: 'timeout', durationMs, output };
	}
	if (outcome.exitCode !== 0) return { status: 'failed', durationMs, output };
	return { status: 'built', durationMs, imageBytes: readImage(outcome.stdout).Size };
}

function readImage(json: string): z.infer<typeof ImageFacts> {
	try {
		return ImageFacts.parse(JSON.parse(json));
	} catch (cause) {
		throw new InfrastructureError('image-not-inspected', json.slice(0, 500), { cause });
	}
}
