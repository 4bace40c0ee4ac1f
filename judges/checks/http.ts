// http: the app answers a request on its port, with the status, headers and text that are expected.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import type { Listener } from '../container.ts';
import { type DockerfileSource, lastInstruction, lineEvidence } from '../dockerfile.ts';
import type { Answer } from '../request.ts';
import { excerpt, lastLines } from '../text.ts';
import type { Container } from '../containers.ts';
import { containerExited, judgeStart } from './container-runs.ts';
import type { Check, Facts } from './check.ts';
import { bodyMismatch, headerMismatch } from './http-answer.ts';

/** An app that listens elsewhere is given this long to listen here as well. */
const SETTLE_MS = 2000;
/** Between two requests. */
const PAUSE_MS = 150;

export const http: Check<'http'> = {
	needs: ['image-builds', 'container-runs'],
	onlyLooks: ({ method, env }) => method === 'GET' && env === undefined,
	run: async (declared, facts) => {
		if (!declared.env) return judgeHttp(declared, await facts.container(), facts);
		await using other = await facts.another({
			...{ flags: envFlags(declared.env), port: declared.port },
			stayUpMs: declared.within * 1000,
		});
		return inSettings(declared.env, await judgeHttp(declared, other, facts));
	},
};

export const envFlags = (env: Record<string, string>): string[] =>
	Object.entries(env).map(([name, value]) => `--env=${name}=${value}`);

/** Of one that was started otherwise than by itself. */
function inSettings(
	env: Record<string, string>,
	failure: Failure | undefined,
): Failure | undefined {
	if (!failure) return undefined;
	const text = `docker run ${envFlags(env).join(' ')} …`;
	return {
		...failure,
		message: `${failure.message} It was started with ${Object.keys(env).join(' and ')} set.`,
		evidence: [{ kind: 'output', label: 'Started with', text }, ...failure.evidence],
	};
}

/** For others too, that ask a container which they have changed. */
export async function judgeHttp(
	declared: Request,
	container: Container,
	facts: Pick<Facts, 'now' | 'wait' | 'dockerfile'>,
): Promise<Failure | undefined> {
	const { dockerfile } = facts;
	const start = judgeStart(container.started, dockerfile);
	if (start) return start;
	const answer = await askUntilSettled(declared, container, facts);
	if (answer.status === 'answered') return judgeAnswer(declared, answer);
	const end = await container.end();
	if (end.status === 'exited') return containerExited(end, dockerfile);
	return judgeSilence(declared, answer, end.output, dockerfile);
}

/** What is asked, and what must come back. */
export type Request = Omit<Declared<'http'>, 'check' | 'env'>;

/** Asks again while an app may still be starting, and no longer than makes sense. */
export async function askUntilSettled(
	declared: Pick<Request, 'method' | 'port' | 'path' | 'within' | 'body'>,
	container: Container,
	{ now, wait }: Pick<Facts, 'now' | 'wait'>,
): Promise<Answer> {
	const started = now();
	const withinMs = declared.within * 1000;
	for (;;) {
		const left = withinMs - (now() - started);
		const answer = await container.ask({ ...declared, timeoutMs: Math.max(left, 500) });
		const passed = now() - started;
		if (passed >= withinMs || isSettled(declared.port, answer, passed, container.sinceStart())) {
			return answer;
		}
		await wait(PAUSE_MS);
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
	declared: Request,
	answer: Extract<Answer, { status: 'answered' }>,
): Failure | undefined {
	return (
		statusMismatch(declared, answer) ??
		headerMismatch(declared, answer) ??
		bodyMismatch(declared, answer)
	);
}

function statusMismatch(
	declared: Request,
	answer: Extract<Answer, { status: 'answered' }>,
): Failure | undefined {
	if (answer.code === declared.status) return undefined;
	const expected = String(declared.status);
	const observed = String(answer.code);
	return {
		code: 'http-status',
		message: `${declared.method} ${declared.path} was answered with ${observed} instead of ${expected}.`,
		hint: statusHint(declared.path, answer.code),
		evidence: [
			{ kind: 'compare', label: 'Status', expected, observed },
			{ kind: 'output', label: 'The answer', text: excerpt(answer.body) || '(empty)' },
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
	declared: Pick<Request, 'method' | 'port' | 'path' | 'within'>,
	answer: Extract<Answer, { status: 'silent' }>,
	output: string,
	dockerfile: DockerfileSource | undefined,
): Failure {
	const { port } = declared;
	const elsewhere = judgeListening(port, answer.listeners, output, dockerfile, HTTP_CODES);
	const here = answer.listeners.some((listener) => listener.port === port);
	if (elsewhere && (here || answer.listeners.length > 0)) return elsewhere;
	const evidence = listening(port, answer.listeners, output);
	if (answer.why === 'timeout') {
		return {
			code: 'http-timeout',
			message: `${declared.method} ${declared.path} had no answer after ${declared.within} seconds.`,
			hint: 'The app took the request and never finished it. Look for something that it waits for.',
			evidence,
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
		evidence,
	};
}

interface ListeningCodes {
	missing: string;
	other: string;
	local: string;
}
const HTTP_CODES: ListeningCodes = {
	...{ missing: 'http-unreachable', other: 'http-wrong-port', local: 'http-localhost-only' },
};
const PORT_CODES: ListeningCodes = {
	...{ missing: 'port-not-open', other: 'port-other', local: 'port-localhost-only' },
};

/** Whether something listens there, for everyone. */
export function judgeListening(
	port: number,
	listeners: readonly Listener[],
	output: string,
	dockerfile: DockerfileSource | undefined,
	codes = PORT_CODES,
): Failure | undefined {
	const here = listeners.find((listener) => listener.port === port);
	if (here && !here.loopback) return undefined;
	const other = listeners[0];
	const [seen, printed] = listening(port, listeners, output);
	if (here) {
		return {
			code: codes.local,
			message: `The app listens on port ${port}, but only for itself: on the address 127.0.0.1 inside the container.`,
			hint: 'Inside a container, 127.0.0.1 is the container alone; a published port comes in from outside. Let the app listen on 0.0.0.0.',
			evidence: [seen, printed],
		};
	}
	if (other) {
		return {
			code: codes.other,
			message: `Nothing listens on port ${port} in the container; the app listens on port ${other.port}.`,
			hint: `Let the app listen on ${port}. EXPOSE doesn't change where an app listens, it only notes it down.`,
			evidence: [seen, ...exposeLine(dockerfile), printed],
		};
	}
	return {
		code: codes.missing,
		message: `Nothing listens on port ${port} in the container.`,
		hint: `The container runs, but no app in it waits for requests. See that CMD starts the app and that it listens on ${port}.`,
		evidence: [seen, printed],
	};
}

function listening(
	port: number,
	listeners: readonly Listener[],
	output: string,
): [Evidence, Evidence] {
	return [
		{
			...{ kind: 'compare', label: 'Listening in the container' },
			...{ expected: `port ${port}, on every address`, observed: describe(listeners) },
		},
		{
			...{ kind: 'output', label: 'What the container printed' },
			text: lastLines(output) || '(nothing)',
		},
	];
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
