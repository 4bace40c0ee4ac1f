// http: the app answers a request on its published port, with the status and text that are expected.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import type { Listener } from '../container.ts';
import { type DockerfileSource, lastInstruction, lineEvidence } from '../dockerfile.ts';
import type { Answer } from '../request.ts';
import { excerpt, lastLines } from '../text.ts';
import { containerExited } from './container-runs.ts';
import type { Check, Facts } from './check.ts';

/** An app that listens elsewhere is given this long to listen here as well. */
const SETTLE_MS = 2000;
/** Between two requests. */
const PAUSE_MS = 150;

export const http: Check<'http'> = {
	needs: ['image-builds', 'container-runs'],
	onlyLooks: ({ method }) => method === 'GET',
	run: async (declared, facts) => {
		const answer = await askUntilSettled(declared, facts);
		if (answer.status === 'answered') return judgeAnswer(declared, answer);
		const end = await facts.containerEnd();
		if (end.status === 'exited') return containerExited(end, facts.dockerfile);
		return judgeSilence(declared, answer, end.output, facts.dockerfile);
	},
};

/** Asks again while an app may still be starting, and no longer than makes sense. */
async function askUntilSettled(declared: Declared<'http'>, facts: Facts): Promise<Answer> {
	const started = facts.now();
	const withinMs = declared.within * 1000;
	for (;;) {
		const left = withinMs - (facts.now() - started);
		const answer = await facts.ask({ ...declared, timeoutMs: Math.max(left, 500) });
		const passed = facts.now() - started;
		if (passed >= withinMs || isSettled(declared.port, answer, passed, facts.sinceStart())) {
			return answer;
		}
		await facts.wait(PAUSE_MS);
	}
}

/** Whether asking again could not change the answer. All times in milliseconds. */
export function isSettled(
	port: number,
	answer: Answer,
	asked: number,
	sinceStart: number,
): boolean {
	if (!answer.alive) return true;
	// "Not ready yet" is what these two mean.
	if (answer.status === 'answered') return answer.code !== 502 && answer.code !== 503;
	if (answer.why === 'timeout') return true;
	const here = answer.listeners.find((listener) => listener.port === port);
	if (here && !here.loopback) return asked >= SETTLE_MS / 2;
	return answer.listeners.length > 0 && sinceStart >= SETTLE_MS;
}

export function judgeAnswer(
	declared: Declared<'http'>,
	answer: Extract<Answer, { status: 'answered' }>,
): Failure | undefined {
	const what = `${declared.method} ${declared.path}`;
	const body: Evidence = {
		kind: 'output',
		label: 'The answer',
		text: excerpt(answer.body) || '(empty)',
	};
	if (answer.code !== declared.status) {
		return {
			code: 'http-status',
			message: `${what} was answered with ${answer.code} instead of ${declared.status}.`,
			hint: statusHint(declared.path, answer.code),
			evidence: [
				{
					kind: 'compare',
					label: 'Status',
					expected: String(declared.status),
					observed: String(answer.code),
				},
				body,
			],
		};
	}
	if (declared.contains === undefined || answer.body.includes(declared.contains)) return undefined;
	return {
		code: 'http-body',
		message: `${what} was answered, but "${declared.contains}" isn't in the answer.`,
		hint: 'Look at what the app sends for this address.',
		evidence: [
			{
				kind: 'compare',
				label: 'The answer',
				expected: `contains ${declared.contains}`,
				observed: excerpt(answer.body) || '(empty)',
			},
		],
	};
}

function statusHint(path: string, code: number): string {
	if (code === 404)
		return `The app runs, but it knows no address ${path}. Check the spelling in its code.`;
	if (code >= 500)
		return 'The app runs, but something fails inside it. `docker logs` tells you more.';
	return 'Look in the code for what the app does with this address.';
}

export function judgeSilence(
	declared: Declared<'http'>,
	answer: Extract<Answer, { status: 'silent' }>,
	output: string,
	dockerfile: DockerfileSource | undefined,
): Failure {
	const { port } = declared;
	const printed: Evidence = {
		kind: 'output',
		label: 'What the container printed',
		text: lastLines(output) || '(nothing)',
	};
	const listening: Evidence = {
		kind: 'compare',
		label: 'Listening in the container',
		expected: `port ${port}, on every address`,
		observed: describe(answer.listeners),
	};
	const here = answer.listeners.find((listener) => listener.port === port);
	if (here?.loopback) {
		return {
			code: 'http-localhost-only',
			message: `The app listens on port ${port}, but only for itself: on the address 127.0.0.1 inside the container.`,
			hint: 'Inside a container, 127.0.0.1 is the container alone; a published port comes in from outside. Let the app listen on 0.0.0.0.',
			evidence: [listening, printed],
		};
	}
	const other = answer.listeners[0];
	if (!here && other) {
		return {
			code: 'http-wrong-port',
			message: `Nothing listens on port ${port} in the container; the app listens on port ${other.port}.`,
			hint: `Let the app listen on ${port}. EXPOSE doesn't change where an app listens, it only notes it down.`,
			evidence: [listening, ...exposeLine(dockerfile), printed],
		};
	}
	if (answer.why === 'timeout') {
		return {
			code: 'http-timeout',
			message: `${declared.method} ${declared.path} had no answer after ${declared.within} seconds.`,
			hint: 'The app took the request and never finished it. Look for something that it waits for.',
			evidence: [listening, printed],
		};
	}
	return {
		code: 'http-unreachable',
		message: here
			? `The app took the request for ${declared.path} and hung up without an answer.`
			: `Nothing listens on port ${port} in the container.`,
		hint: here
			? 'Most likely an error stopped it midway. What the container printed says which.'
			: `The container runs, but no app in it waits for requests. See that CMD starts the app and that it listens on ${port}.`,
		evidence: [listening, printed],
	};
}

function exposeLine(dockerfile: DockerfileSource | undefined): Evidence[] {
	return lineEvidence(dockerfile, lastInstruction(dockerfile, 'EXPOSE')?.line);
}

function describe(listeners: readonly Listener[]): string {
	if (listeners.length === 0) return 'nothing';
	return listeners
		.slice(0, 10)
		.map(
			({ port, loopback }) => `port ${port}, on ${loopback ? '127.0.0.1 only' : 'every address'}`,
		)
		.join('\n');
}
