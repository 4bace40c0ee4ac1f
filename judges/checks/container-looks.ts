// container-listens, container-not-root, container-memory, container-logs: what can be seen of a running
// container from outside.

import { isFoundIn } from '@containrlab/protocol/checks/pattern.ts';
import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';
import type { ContainerEnd } from '../container.ts';
import type { Container } from '../containers.ts';
import { lastInstruction, lineEvidence, type DockerfileSource } from '../dockerfile.ts';
import type { Process } from '../processes.ts';
import { lastLines } from '../text.ts';
import type { Check, Facts } from './check.ts';
import { containerExited } from './container-runs.ts';
import { judgeListening } from './http.ts';
import { megabytes } from './image.ts';

const needs = ['image-builds', 'container-runs'] as const;
/** Between two looks, in milliseconds. */
const PAUSE_MS = 150;

export const containerListens: Check<'container-listens'> = {
	needs,
	onlyLooks: () => true,
	run: async ({ port, within }, facts) => {
		const container = await facts.container();
		const here = async () => {
			const found = await container.listeners();
			return { found, done: found.some((one) => one.port === port && !one.loopback) };
		};
		const { found } = await until(here, within, facts);
		const end = await container.end();
		if (end.status === 'exited') return containerExited(end, facts.dockerfile);
		return judgeListening(port, found, end.output, facts.dockerfile);
	},
};

export const containerNotRoot: Check<'container-not-root'> = {
	needs,
	onlyLooks: () => true,
	run: async (_declared, facts) => {
		const container = await facts.container();
		return (
			(await ended(container, facts)) ?? judgeUsers(await container.processes(), facts.dockerfile)
		);
	},
};

export function judgeUsers(
	processes: readonly Process[],
	file: DockerfileSource | undefined,
): Failure | undefined {
	const roots = processes.filter(({ uid }) => uid === 0);
	if (roots.length === 0) return undefined;
	return {
		code: 'process-runs-as-root',
		message: 'The app runs as root, who may do anything in its container.',
		hint: 'Make a user of your own in a RUN step, give it the folders that it must write to, and name it with USER above CMD.',
		evidence: [
			{
				...{
					kind: 'compare',
					label: 'Processes in the container',
					expected: 'a user other than 0, root',
				},
				observed: listed(processes, ({ uid }) => `user ${uid}`),
			},
			...lineEvidence(file, lastInstruction(file, 'USER')?.line),
		],
	};
}

export const containerMemory: Check<'container-memory'> = {
	needs,
	onlyLooks: () => true,
	run: async (declared, facts) => {
		const container = await facts.container();
		const { after } = declared;
		for (let asked = 0; after && asked < after.times; asked += 1) {
			await container.ask({ ...after, method: 'GET', timeoutMs: 10_000 });
		}
		return (await ended(container, facts)) ?? judgeMemory(declared, await container.processes());
	},
};

export function judgeMemory(
	declared: Declared<'container-memory'>,
	processes: readonly Process[],
): Failure | undefined {
	const held = processes.reduce((sum, { bytes }) => sum + bytes, 0);
	if (held <= declared.megabytes * 1_000_000) return undefined;
	const bySize = processes.toSorted((a, b) => b.bytes - a.bytes);
	return {
		code: 'memory-too-high',
		message: `The app holds ${megabytes(held)} of memory, and ${declared.megabytes} MB must do.`,
		hint:
			processes.length > 1
				? `${processes.length} processes share that. Look at how many of them the app is told to start, and at what each keeps in memory.`
				: 'Look at what the app keeps in memory that it could read when it is needed.',
		evidence: [
			{
				...{ kind: 'compare', label: 'Memory', expected: `at most ${declared.megabytes} MB` },
				observed: listed(bySize, ({ bytes }) => megabytes(bytes)),
			},
		],
	};
}

const listed = (processes: readonly Process[], what: (process: Process) => string): string =>
	processes
		.slice(0, 8)
		.map((process) => `${what(process)}  ${process.command.slice(0, 80)}`)
		.join('\n');

export const containerLogs: Check<'container-logs'> = {
	needs,
	onlyLooks: () => true,
	run: async ({ matches, within }, facts) => {
		const container = await facts.container();
		const look = async () => {
			const found: ContainerEnd = await container.end();
			return { found, done: isFoundIn(matches, found.output) || found.status === 'exited' };
		};
		const { found } = await until(look, within, facts);
		return isFoundIn(matches, found.output) ? undefined : silentLog(matches, found.output);
	},
};

function silentLog(matches: string, output: string): Failure {
	const text = lastLines(output) || '(nothing)';
	return {
		code: 'log-missing',
		message: "What the container prints doesn't have what is asked for.",
		hint: 'Docker keeps what an app prints to its standard output and error, and nothing that it writes to files of its own. Python holds back what it prints to a pipe, unless it is told not to: PYTHONUNBUFFERED=1.',
		evidence: [{ kind: 'compare', label: 'docker logs', expected: matches, observed: text }],
	};
}

/** Looks again until it is as wanted, or the time is over. */
async function until<T extends { done: boolean }>(
	look: () => Promise<T>,
	seconds: number,
	{ now, wait }: Facts,
): Promise<T> {
	const started = now();
	for (;;) {
		const seen = await look();
		if (seen.done || now() - started >= seconds * 1000) return seen;
		await wait(PAUSE_MS);
	}
}

/** It ran when it was started, and may have ended since. */
async function ended(container: Container, { dockerfile }: Facts): Promise<Failure | undefined> {
	const end = await container.end();
	return end.status === 'exited' ? containerExited(end, dockerfile) : undefined;
}
