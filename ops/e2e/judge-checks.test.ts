// Checks that are measured on what was really built: two submissions, each judged once by all of them.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Lab, LabFrontMatter } from '@containrlab/protocol/lab.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import { type CheckResult, Verdict } from '@containrlab/protocol/verdict.ts';
import { type JudgeRoom, openJudgeRoom } from './judge-room.ts';

let room: JudgeRoom;
beforeAll(async () => {
	room = await openJudgeRoom();
});
afterAll(() => room?.[Symbol.asyncDispose]());

const run = { instruction: 'RUN', matches: 'prepare' };
const checks = [
	{ check: 'image-builds', within: 120 },
	{ check: 'build-reuses-cache', change: ['app.py', 'new/page.py'], reuse: [run] },
	{ check: 'image-config', user: 'not-root', ports: [8080], workdir: '/srv', health: true },
	{ check: 'image-config', id: 'env', env: { MODE: 'production' }, labels: { team: '.+' } },
	{ check: 'image-config', id: 'command', command: '^python app\\.py$' },
	{ check: 'image-size', megabytes: 120 },
	{ check: 'image-size', id: 'layers', layers: 5 },
	{
		check: 'image-excludes',
		paths: ['/srv/**/__pycache__', '/app/**/__pycache__', '/srv/*.log', '/opt/kept'],
	},
	{ check: 'image-excludes', id: 'caches', paths: ['/var/cache/made/**'] },
	{ check: 'image-excludes', id: 'allowed', paths: ['/var/cache/made'], deleted: 'allowed' },
	{ check: 'image-hides-secrets', plant: ['.env'], text: ['tok-1234567890'] },
	{ check: 'image-hides-secrets', id: 'again', text: ['tok-1234567890'] },
];
const lab: Lab = {
	...{ slug: '99-checks', digest: 'none', text: '', starter: [] },
	front: LabFrontMatter.parse({
		...{ title: 'Checks', summary: 'Checks', minutes: 5, goals: ['Hold'] },
		...{ images: ['python:3.13-slim'], checks },
	}),
};

function submission(...dockerfile: string[]): SubmittedFile[] {
	const text = (path: string, text: string) => ({ kind: 'text', path, mode: 0o644, text }) as const;
	return [
		text('Dockerfile', `${dockerfile.join('\n')}\n`),
		text('app.py', 'print("app")\n'),
		text('prepare.py', 'print("prepared")\n'),
		text('pages/__pycache__/home.pyc', 'x'),
		text('.dockerignore', dockerfile.includes('# all') ? '' : '.env\nDockerfile\n**/__pycache__\n'),
	];
}

const codes = (results: readonly CheckResult[]) =>
	Object.fromEntries(results.map(({ id, status, failure }) => [id, failure?.code ?? status]));

test('what is right by all of them', async () => {
	const verdict = await room.judge(
		lab,
		submission(
			'FROM python:3.13-slim AS made',
			'RUN mkdir -p /var/cache/made && echo tok-1234567890 > /var/cache/made/x',
			'RUN echo built > /out',
			'FROM python:3.13-slim',
			'LABEL team=us',
			'ENV MODE=production',
			'WORKDIR /srv',
			'COPY --from=made /out /srv/out',
			'COPY prepare.py .',
			// Made and deleted in one step: in no layer, and the folder that it replaces is opaque.
			'RUN python prepare.py && mkdir /opt/kept && rm -r /opt && mkdir /opt && useradd app',
			'COPY . .',
			'USER app',
			'EXPOSE 8080',
			'HEALTHCHECK CMD ["true"]',
			'CMD ["python", "app.py"]',
		),
	);
	expect(codes(Verdict.parse(verdict).checks)).toEqual(
		Object.fromEntries(lab.front.checks.map(({ id, check }) => [id ?? check, 'passed'])),
	);
});

test('what is wrong by all of them: what, where, and how large', async () => {
	const verdict = await room.judge(
		lab,
		submission(
			'# all',
			'FROM python:3.13-slim',
			'ARG KEY=tok-1234567890',
			'WORKDIR /app',
			'COPY . .',
			'RUN python prepare.py && mkdir /opt/kept && touch /opt/kept/a',
			'RUN mkdir -p /var/cache/made && head -c 30000000 /dev/urandom > /var/cache/made/big',
			'RUN rm -r /var/cache/made',
			'RUN rm -r /opt && mkdir /opt && cp .env /opt/copy && rm .env',
			'CMD python app.py',
		),
	);
	const results = Verdict.parse(verdict).checks;
	expect(codes(results)).toEqual({
		'image-builds': 'passed',
		'build-reuses-cache': 'cache-not-reused',
		'image-config': 'image-runs-as-root',
		env: 'image-env',
		command: 'image-command',
		'image-size': 'image-too-large',
		layers: 'image-too-many-layers',
		'image-excludes': 'image-file-unwanted',
		caches: 'image-file-in-history',
		allowed: 'passed',
		'image-hides-secrets': 'secret-in-image',
		again: 'secret-in-image',
	});
	const said = (id: string) => results.find((check) => check.id === id)?.failure;
	expect(said('build-reuses-cache')?.evidence).toMatchObject([{ line: 5 }, { line: 6 }, {}]);
	const size = JSON.stringify(said('image-size')?.evidence);
	expect(size).toContain('30 MB  line 7: RUN mkdir');
	expect(size).toContain('30 MB  /var/cache/made/big');
	expect(said('image-excludes')).toMatchObject({ evidence: [{ line: 5 }, { kind: 'output' }] });
	expect(JSON.stringify(said('image-excludes'))).not.toContain('/opt/kept');
	expect(said('caches')).toMatchObject({ evidence: [{ line: 7 }, { kind: 'output' }] });
	const secret = JSON.stringify(said('image-hides-secrets')?.evidence);
	expect(secret).toContain('/opt/copy');
	expect(secret).toContain('/app/.env');
	for (const { failure } of results) {
		if (!failure) continue;
		expect(failure.message.length).toBeGreaterThan(20);
		expect(failure.hint.length).toBeGreaterThan(10);
		expect(failure.evidence.length).toBeGreaterThan(0);
	}
});
