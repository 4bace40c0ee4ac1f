// Builds a second time after a change to some files, and tells which steps were taken from the cache.

import { BUILDX } from './build.ts';
import { type Step, StepReader } from './build-steps.ts';
import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { plain } from './text.ts';

export type Rebuild = { status: 'built' | 'failed' | 'timeout'; steps: readonly Step[] };

// An empty line at the end changes a file and hardly ever what it means. The files are put back, for
// the checks that follow. Nothing is exported: what the steps come to is all that is wanted.
const SCRIPT = `
${BUILDX}
kept=$(mktemp -d) || exit 70
n=0
for file in "$@"; do
	n=$((n + 1))
	mkdir -p -- "$(dirname -- "$file")" || exit 70
	if [ -e "$file" ]; then cp -pP -- "$file" "$kept/$n" || exit 70; fi
	echo >> "$file" || exit 70
done
$buildx build --progress=rawjson --provenance=false --output type=cacheonly . >&2
code=$?
n=0
for file in "$@"; do
	n=$((n + 1))
	if [ -e "$kept/$n" ]; then mv -f -- "$kept/$n" "$file"; else rm -f -- "$file"; fi || exit 70
done
[ $code = 0 ] || exit 1
`;

export async function rebuild(
	sandbox: Sandbox,
	options: { change: readonly string[]; timeoutMs: number; signal?: AbortSignal },
): Promise<Rebuild> {
	const reader = new StepReader();
	const outcome = await sandbox.exec(['sh', '-c', SCRIPT, 'rebuild', ...options.change], {
		timeoutMs: options.timeoutMs,
		onOutput: (stream, chunk) => {
			if (stream === 'stderr') reader.push(chunk);
		},
		maxOutput: 64 * 1024,
		...(options.signal && { signal: options.signal }),
	});
	const steps = [...reader.steps.values()];
	if (outcome.exitCode === 0) return { status: 'built', steps };
	if (outcome.exitCode === null) return { status: 'timeout', steps };
	if (outcome.exitCode === 1 && steps.length > 0) return { status: 'failed', steps };
	throw new InfrastructureError('not-rebuilt', plain(outcome.stderr).slice(-2000));
}
