// container-stops, container-restarts: the app ends when it is asked to, and comes back after it was killed.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import type { Stopped } from '../container-life.ts';
import { type DockerfileSource, lastInstruction } from '../dockerfile.ts';
import { lastLines } from '../text.ts';
import type { Check } from './check.ts';
import { commandLine, judgeStart } from './container-runs.ts';
import { judgeHttp } from './http.ts';

export const containerStops: Check<'container-stops'> = {
	needs: ['image-builds', 'container-runs'],
	onlyLooks: () => false,
	run: async (declared, facts) => {
		const { port, within, finishes } = declared;
		await using other = await facts.another({ port, stayUpMs: port === undefined ? 1000 : 10_000 });
		const start = judgeStart(other.started, facts.dockerfile);
		if (start) return start;
		const during =
			finishes !== undefined && port !== undefined ? { port, path: finishes } : undefined;
		const stopped = await other.stop({ graceMs: within * 1000, during });
		return judgeStop(declared, stopped, facts.dockerfile);
	},
};

export function judgeStop(
	{ within, finishes }: Declared<'container-stops'>,
	stopped: Stopped,
	file: DockerfileSource | undefined,
): Failure | undefined {
	const { end, killed, answered } = stopped;
	const seen: Evidence[] = [
		{
			...{ kind: 'compare', label: 'docker stop' },
			expected: `ends by itself within ${within} seconds, with exit code 0`,
			observed: killed
				? `was killed after ${within} seconds`
				: `ended after ${(stopped.tookMs / 1000).toFixed(1)} s, with exit code ${end.exitCode}`,
		},
		...commandLine(file),
		{ kind: 'output', label: 'What it printed', text: lastLines(end.output) || '(nothing)' },
	];
	if (killed) {
		return {
			code: 'stop-killed',
			message: `Docker asked the container to stop, but nothing happened, and after ${within} seconds it was killed.`,
			hint: stopHint(file),
			evidence: seen,
		};
	}
	if (finishes !== undefined && !(answered && answered >= 200 && answered < 400)) {
		return {
			code: 'stop-cut-short',
			message: `A request for ${finishes} was under way when Docker asked the container to stop, and it was never answered properly.`,
			hint: 'When the app is asked to stop, let it take no new requests, finish those that it has, and end then.',
			evidence: [
				{
					...{ kind: 'compare', label: `GET ${finishes}`, expected: 'an answer' },
					observed: answered ? `status ${answered}` : 'the connection was cut',
				},
				...seen,
			],
		};
	}
	// 128 and the number of the signal that ended it; 9 is the kill.
	const bySignal = end.exitCode > 128 && end.exitCode < 160 && end.exitCode !== 137;
	if (end.exitCode === 0 || bySignal) return undefined;
	return {
		code: 'stop-exit-code',
		message: `When Docker asked the container to stop, its app ended with exit code ${end.exitCode}, which says that something went wrong.`,
		hint: 'Let the app end with 0 when it is asked to stop. What it printed last says what went wrong.',
		evidence: seen,
	};
}

function stopHint(file: DockerfileSource | undefined): string {
	const command = lastInstruction(file, 'ENTRYPOINT', 'CMD')?.command;
	if (command && command.form !== 'exec') {
		return 'It is written in shell form, so a shell may stand between Docker and the app and keep the signal to itself. Write it as a list; then see what the app does about SIGTERM.';
	}
	if (command?.form === 'exec' && /(^|\/)(ba|da)?sh$|\.sh$/.test(command.words[0] ?? '')) {
		return 'A shell script starts the app, and the signal reaches only the script. Let its last line begin with exec: then the app takes the place of the shell.';
	}
	return 'The signal SIGTERM reached the app, and it did nothing about it. As the first process of a container, an app must say itself what to do then: handle SIGTERM, or name with STOPSIGNAL one that it knows.';
}

export const containerRestarts: Check<'container-restarts'> = {
	needs: ['image-builds', 'container-runs'],
	onlyLooks: () => false,
	run: async (declared, facts) => {
		const { port, within } = declared;
		const asked = { ...declared, method: 'GET' as const };
		await using other = await facts.another({ port, stayUpMs: within * 1000 });
		const before = await judgeHttp(asked, other, facts);
		if (before) return before;
		await other.again();
		const after = await judgeHttp(asked, other, facts);
		return (
			after && {
				...after,
				code: 'restart-failed',
				message: `The container was killed and started anew, and then it doesn't work any more: ${after.message}`,
				hint: 'What an app left behind when it was killed, such as a lock or the number of a process, must not keep it from starting again.',
			}
		);
	},
};
