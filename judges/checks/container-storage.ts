// container-read-only, container-keeps-data: the app writes only where it should, and what it is told
// outlives its container.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import type { Container } from '../containers.ts';
import type { Answer } from '../request.ts';
import { excerpt, lastLines } from '../text.ts';
import type { Check, Facts } from './check.ts';
import { judgeStart } from './container-runs.ts';
import { askUntilSettled, judgeHttp } from './http.ts';

export const containerReadOnly: Check<'container-read-only'> = {
	needs: ['image-builds', 'container-runs'],
	onlyLooks: () => false,
	run: async (declared, facts) => {
		const { port, within, writable } = declared;
		// Everyone may write there, as in /tmp: whose they are is another lesson.
		const flags = ['--read-only', ...writable.map((path) => `--tmpfs=${path}:mode=1777`)];
		await using other = await facts.another({ flags, port, stayUpMs: within * 1000 });
		const failure = await judgeHttp({ ...declared, method: 'GET' }, other, facts);
		if (!failure) return undefined;
		return needsWriting(declared, failure, await printed(other));
	},
};

async function printed(container: Container): Promise<string> {
	const { started } = container;
	if (started.status === 'refused') return started.message;
	return (await container.end()).output;
}

export function needsWriting(
	{ writable }: Declared<'container-read-only'>,
	failure: Failure,
	output: string,
): Failure {
	const path = /Read-only file system:? '([^']+)'|EROFS[^']*'([^']+)'/i.exec(output);
	const written = path?.[1] ?? path?.[2];
	const where = writable.length === 0 ? 'nowhere' : `only to ${writable.join(' and ')}`;
	return {
		code: 'root-needs-writing',
		message: `Where the app may write ${where}, it doesn't work: ${failure.message}`,
		hint: written
			? `It wants to write to ${written.slice(0, 200)}. Let it write to a volume or to /tmp, or not at all.`
			: 'Look at what it printed for what it wants to write. Let it write to a volume or to /tmp, or not at all.',
		evidence: [
			{
				...{ kind: 'output', label: 'Started with' },
				text: `docker run --read-only ${writable.map((each) => `--tmpfs ${each}`).join(' ')} …`,
			},
			...failure.evidence,
		],
	};
}

export const containerKeepsData: Check<'container-keeps-data'> = {
	needs: ['image-builds', 'container-runs'],
	onlyLooks: () => false,
	run: async (declared, facts) => {
		const { port, within, volume } = declared;
		const flags = [`--volume=judged-data:${volume}`];
		const how = { flags, port, stayUpMs: within * 1000 };
		const failure = await write(declared, how, facts);
		if (failure) return failure;
		await using second = await facts.another(how);
		return await read(declared, second, facts);
	},
};

async function write(
	declared: Declared<'container-keeps-data'>,
	how: Parameters<Facts['another']>[0],
	facts: Facts,
): Promise<Failure | undefined> {
	const { port, within, write: wanted } = declared;
	await using first = await facts.another(how);
	const start = judgeStart(first.started, facts.dockerfile);
	if (start) return start;
	const answer = await askUntilSettled({ ...wanted, port, within }, first, facts);
	if (answer.status === 'silent') {
		const asked = { ...wanted, port, within, status: 200 };
		return await judgeHttp(asked, first, facts);
	}
	if (answer.code >= 400) return notWritten(declared, answer, await printed(first));
	// As whoever brings a new version: asked to stop, then removed.
	await first.stop({ graceMs: 10_000 });
	return undefined;
}

export function notWritten(
	{ write: { method, path }, volume }: Declared<'container-keeps-data'>,
	answer: Extract<Answer, { status: 'answered' }>,
	output: string,
): Failure {
	const denied = /permission denied|EACCES/i.test(`${output} ${answer.body}`);
	return {
		code: 'data-not-written',
		message: `With a volume at ${volume}, ${method} ${path} was answered with ${answer.code}: the app couldn't keep what it was told.`,
		hint: denied
			? `The user that the app runs as may not write to ${volume}. Make the folder in a RUN step and give it to that user with chown: a new volume takes over whose it is.`
			: 'Look at what the app printed for why it failed.',
		evidence: [
			{
				...{ kind: 'compare', label: `${method} ${path}`, expected: 'a status below 400' },
				observed: `${answer.code} ${excerpt(answer.body)}`,
			},
			said(output),
		],
	};
}

async function read(
	declared: Declared<'container-keeps-data'>,
	second: Container,
	facts: Facts,
): Promise<Failure | undefined> {
	const { port, within, volume, read: wanted, write: before } = declared;
	const asked = { port, within, path: wanted.path, method: 'GET' as const, status: 200 };
	const failure = await judgeHttp({ ...asked, contains: wanted.contains }, second, facts);
	if (failure?.code !== 'http-body') return failure;
	return {
		code: 'data-lost',
		message: `What the app was told by ${before.method} ${before.path} is gone in a new container, although that has the same volume at ${volume}.`,
		hint: `What a container writes outside of its volumes goes with it. Let the app keep its data in ${volume}.`,
		evidence: [...failure.evidence, said(await printed(second))],
	};
}

const said = (output: string): Evidence => ({
	...{ kind: 'output', label: 'What the container printed' },
	text: lastLines(output) || '(nothing)',
});
