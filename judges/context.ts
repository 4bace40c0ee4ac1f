// Measures what a build context contains, by letting Docker send it: names in, names out.

import { BUILDX } from './build.ts';
import { InfrastructureError, type Sandbox } from './sandbox.ts';

/** Names of everything that reached the build, directories without a trailing slash. */
export type BuildContext =
	{ ok: true; paths: ReadonlySet<string> } | { ok: false; message: string };

const TIMEOUT_MS = 60_000;
/** Bytes of names; a context with more is judged by the names that fit. */
const MAX_NAMES = 4 * 1024 * 1024;

// The probe has the student's ignore rules: .dockerignore, or the one that belongs to Dockerfile alone.
const SCRIPT = `
${BUILDX}
dir=$(mktemp -d) || exit 70
printf 'FROM scratch\\nCOPY . /\\n' > "$dir/probe" || exit 70
if [ -e Dockerfile.dockerignore ]; then cat Dockerfile.dockerignore > "$dir/probe.dockerignore"; fi
{ $buildx build --quiet --provenance=false --file "$dir/probe" --output type=tar,dest=- . || touch "$dir/failed"; } | tar -t --quoting-style=literal
[ ! -e "$dir/failed" ]
`;

export async function measureContext(
	sandbox: Sandbox,
	signal?: AbortSignal,
): Promise<BuildContext> {
	const outcome = await sandbox.exec(['sh', '-c', SCRIPT], {
		timeoutMs: TIMEOUT_MS,
		maxOutput: MAX_NAMES,
		...(signal && { signal }),
	});
	if (outcome.exitCode === 0) return { ok: true, paths: contextPaths(outcome.stdout) };
	const message = /^ERROR: (.*)$/m.exec(outcome.stderr)?.[1] ?? '';
	// Patterns that Docker refuses are the student's; all else about the probe is ours.
	if (/pattern|\.dockerignore/i.test(message)) return { ok: false, message };
	throw new InfrastructureError('context-not-measured', outcome.stderr.slice(-2000));
}

export function contextPaths(listing: string): Set<string> {
	const names = listing.split('\n').map((name) => name.replace(/^\.\//, '').replace(/\/$/, ''));
	return new Set(names.filter((name) => name !== '' && name !== '.'));
}
