// Builds the image as the student would, and brings home how it went.

import { ImageInspect } from './image.ts';
import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { plain, Tail } from './text.ts';

/** The name that the judged image has in the judge's sandbox. */
export const IMAGE = 'judged';

/** Says which builder to call: by way of `docker`, which starts its plugins twice, it takes half as long again. */
export const BUILDX = `
buildx=/usr/libexec/docker/cli-plugins/docker-buildx
[ -x $buildx ] || buildx='docker buildx'
`;

export type BuildOutcome =
	| { status: 'built'; durationMs: number; inspect: ImageInspect }
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
	return { status: 'built', durationMs, inspect: readImage(outcome.stdout) };
}

function readImage(json: string): ImageInspect {
	try {
		return ImageInspect.parse(JSON.parse(json));
	} catch (cause) {
		throw new InfrastructureError('image-not-inspected', json.slice(0, 500), { cause });
	}
}
