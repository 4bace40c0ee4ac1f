// container-healthy: the image's health check finds the app well, and not so any more when it hangs.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import type { Health } from '../container-life.ts';
import type { Container } from '../containers.ts';
import { type DockerfileSource, lastInstruction, lineEvidence } from '../dockerfile.ts';
import { lastLines } from '../text.ts';
import type { Check, Facts } from './check.ts';
import { containerExited, judgeStart } from './container-runs.ts';

/** Often, and told of the first failure: an image's own check comes every half minute and forgives two. */
const OFTEN = [
	...['--health-interval=500ms', '--health-start-interval=500ms'],
	...['--health-timeout=4s', '--health-retries=1'],
];
/** Seconds in which a check must notice that the app hangs: two tries and their time. */
const NOTICE = 20;
const PAUSE_MS = 250;

export const containerHealthy: Check<'container-healthy'> = {
	needs: ['image-builds', 'container-runs'],
	onlyLooks: () => false,
	run: async (declared, facts) => {
		const { dockerfile } = facts;
		await using other = await facts.another({ flags: OFTEN, stayUpMs: 200 });
		const start = judgeStart(other.started, dockerfile);
		if (start) return start;
		const first = await waitFor('healthy', declared.within, other, facts);
		if (first === undefined) return noHealthCheck(dockerfile);
		if (first.status !== 'healthy') {
			const end = await other.end();
			if (end.status === 'exited') return containerExited(end, dockerfile);
			return judgeHealth(declared, first, dockerfile);
		}
		if (!declared.notices) return undefined;
		await other.freeze();
		const then = await waitFor('unhealthy', NOTICE, other, facts);
		return then?.status === 'unhealthy' ? undefined : blind(dockerfile);
	},
};

async function waitFor(
	status: NonNullable<Health>['status'],
	seconds: number,
	container: Container,
	{ now, wait }: Facts,
): Promise<Health> {
	const started = now();
	for (;;) {
		const health = await container.health();
		if (health?.status === status || now() - started >= seconds * 1000) return health;
		if (health === undefined) return undefined;
		await wait(PAUSE_MS);
	}
}

const instruction = (file: DockerfileSource | undefined): Evidence[] =>
	lineEvidence(file, lastInstruction(file, 'HEALTHCHECK')?.line);

function noHealthCheck(file: DockerfileSource | undefined): Failure {
	return {
		code: 'image-health-missing',
		message: "The image doesn't say how to find out whether its app is well.",
		hint: 'Write HEALTHCHECK CMD and a command that fails when the app is not well, one that the image has.',
		evidence: [
			{
				...{ kind: 'compare', label: 'Health check', expected: 'HEALTHCHECK CMD …' },
				observed: 'none',
			},
			...instruction(file),
		],
	};
}

export function judgeHealth(
	{ within }: Declared<'container-healthy'>,
	health: NonNullable<Health>,
	file: DockerfileSource | undefined,
): Failure {
	const failing = health.exitCode !== 0;
	return {
		code: failing ? 'health-failing' : 'health-starting',
		message: failing
			? `The health check says that the app isn't well: it ends with exit code ${health.exitCode}.`
			: `The health check came to no result within ${within} seconds.`,
		hint: healthHint(health),
		evidence: [
			{
				...{ kind: 'compare', label: 'Health', expected: `healthy within ${within} seconds` },
				observed: health.status,
			},
			...instruction(file),
			{
				...{ kind: 'output', label: 'What the health check printed' },
				text: lastLines(health.output) || '(nothing)',
			},
		],
	};
}

function healthHint({ exitCode, output }: NonNullable<Health>): string {
	if (exitCode === 0) return 'The command of the health check has to come to an end, and soon.';
	if (exitCode === 127 || /executable file not found|: not found/.test(output)) {
		return 'The image has no such program. Slim images come without curl and wget: let the app’s own language ask, in a line or a small file of its own.';
	}
	if (/Connection refused|ECONNREFUSED/i.test(output)) {
		return 'Nothing answers there. Inside the container the app is at localhost and the port that it listens on, whatever is published.';
	}
	if (/timed out|exceeded timeout/i.test(output)) {
		return 'The command waited too long for an answer. See that it asks the right address, and that it ends.';
	}
	return 'The command must end with 0 when the app is well and with 1 when it isn’t. Try it yourself with docker exec.';
}

function blind(file: DockerfileSource | undefined): Failure {
	return {
		code: 'health-blind',
		message: `The app was made to hang, and ${NOTICE} seconds later the health check still said that it is well.`,
		hint: 'A health check must ask the app itself, over its port, and fail when no good answer comes.',
		evidence: [
			{
				...{ kind: 'compare', label: 'Health of an app that hangs' },
				...{ expected: 'unhealthy', observed: 'healthy' },
			},
			...instruction(file),
		],
	};
}
