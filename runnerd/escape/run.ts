// Runs the attempts from one of the positions that a student can bring a program into.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Engine } from '../engine/engine.ts';
import type { SandboxHandle } from '../sandboxes/handle.ts';
import type { Facts } from './unguarded.ts';

export const PROGRAM = ['base', 'kernel', 'calls', 'others', 'network']
	.map((name) => readFileSync(new URL(`attempts/${name}.py`, import.meta.url), 'utf8'))
	.concat('main()')
	.join('\n');

const Outcome = z.object({
	name: z.string(),
	/** `absent`: this machine's kernel has nothing of the kind. */
	how: z.enum(['kept', 'out', 'absent', 'broken']),
	said: z.string(),
});
export type Outcome = z.infer<typeof Outcome>;

export type Position = 'the student' | "the sandbox's own user" | 'an inner container';

const program = (facts: Facts, only?: readonly string[]): string[] => [
	'python3',
	'-c',
	PROGRAM,
	JSON.stringify({ ...facts, ...(only && { only }) }),
];

/** In a container that the student gave all they can give. */
const INNER = `docker run --rm --cap-add ALL --security-opt seccomp=unconfined --security-opt
	apparmor=unconfined --pid host --ipc host --uts host -v /:/host -v /proc:/host/proc
	python:3.13-slim chroot /host`.split(/\s+/);

export async function attempts(
	position: Position,
	{ engine, sandbox, facts }: { engine: Engine; sandbox: SandboxHandle; facts: Facts },
): Promise<Map<string, Outcome>> {
	const command = program(facts);
	if (position === "the sandbox's own user") {
		return outcomes(await inContainer(engine, sandbox.id, String(sandbox.uid), command));
	}
	const { stdout, stderr } = await sandbox.exec(
		position === 'the student' ? command : [...INNER, ...command],
		{ timeoutMs: 120_000 },
	);
	return outcomes(stdout, stderr);
}

/** Some attempts, in a container that lacks a guard, as the user it runs as. */
export async function attemptsWithout(
	engine: Engine,
	container: string,
	facts: Facts,
	only: readonly string[],
): Promise<Map<string, Outcome>> {
	return outcomes(await inContainer(engine, container, '', program(facts, only)));
}

export async function inContainer(
	engine: Engine,
	id: string,
	user: string,
	command: readonly string[],
): Promise<string> {
	const said = { stdout: '', stderr: '' };
	const signal = AbortSignal.timeout(120_000);
	const onOutput = (stream: 'stdout' | 'stderr', chunk: Buffer) => {
		said[stream] += chunk.toString();
	};
	const code = await engine.exec(id, { user, command, onOutput, signal });
	if (code !== 0) throw new Error(`the attempts ended with ${code}: ${said.stderr}`);
	return said.stdout;
}

function outcomes(stdout: string, stderr = ''): Map<string, Outcome> {
	const lines = stdout.split('\n').filter((line) => line !== '');
	if (lines.length === 0) throw new Error(`nothing was attempted: ${stderr}`);
	return new Map(
		lines.map((line) => {
			const outcome = Outcome.parse(JSON.parse(line));
			return [outcome.name, outcome];
		}),
	);
}
