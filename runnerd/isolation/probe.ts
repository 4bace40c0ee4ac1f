// Looks at a sandbox that came up: through the engine, from outside of the student's namespaces and
// from within them. The sandbox is new and nobody's yet, so what its own programs say is true.

import type { SandboxLimits } from '@containrlab/protocol/sandbox.ts';
import type { Engine } from '../engine/engine.ts';
import type { ProbeFacts } from './probe-check.ts';

const PROBE_MS = 20_000;

/** Prints `<name> <value>` lines; needs nothing but a shell. */
const SCRIPT = `
exec 2> /dev/null
while read -r name value; do
	case $name in Seccomp:|CapEff:|CapBnd:) echo "$name $value";; esac
done < /proc/self/status
while read -r row; do echo uid: $row; done < /proc/self/uid_map
# Whom the student's ids are on the host shows from out here alone.
[ -r /run/sbx/child ] && read -r child < /run/sbx/child &&
	while read -r row; do echo student: $row; done < "/proc/$child/uid_map"
while IFS=: read -r name rest; do [ -n "$rest" ] && echo interface: $name; done < /proc/self/net/dev
for place in / /etc /usr/bin; do [ -w "$place" ] && echo writable: "$place"; done
true`;

export async function probe(
	engine: Engine,
	box: { id: string; uid: number },
	limits: SandboxLimits,
): Promise<ProbeFacts> {
	const [seen, uids, outside, inside] = await Promise.all([
		engine.containerFacts(box.id),
		engine.processUids(box.id),
		look(engine, box, []),
		look(engine, box, ['sbx-enter']),
	]);
	return {
		uid: box.uid,
		limits: { memory: limits.memory, pids: limits.pids },
		engine: { ...seen, uids },
		outside: { ...outside, canWriteRoot: outside.writable.length > 0 },
		inside,
	};
}

async function look(engine: Engine, box: { id: string; uid: number }, enter: readonly string[]) {
	let said = '';
	await engine.exec(box.id, {
		user: String(box.uid),
		command: [...enter, 'bash', '-c', SCRIPT],
		onOutput: (stream, chunk) => {
			if (stream === 'stdout') said += chunk.toString();
		},
		signal: AbortSignal.timeout(PROBE_MS),
	});
	return readLook(said);
}

/** What the script printed. A fact that is missing counts as bad: -1 is no mode, and all bits are set. */
export function readLook(text: string) {
	const all = (name: string) =>
		text
			.split('\n')
			.filter((line) => line.startsWith(`${name}: `))
			.map((line) =>
				line
					.slice(name.length + 2)
					.trim()
					.replace(/\s+/g, ' '),
			);
	const hex = (name: string) => {
		const [value = ''] = all(name);
		return /^[0-9a-f]+$/.test(value) ? BigInt(`0x${value}`) : ~0n;
	};
	const [seccomp = '-1'] = all('Seccomp');
	return {
		seccomp: Number(seccomp),
		effective: hex('CapEff'),
		bounding: hex('CapBnd'),
		uidMap: all('uid'),
		studentMap: all('student'),
		interfaces: all('interface'),
		writable: all('writable'),
	};
}
