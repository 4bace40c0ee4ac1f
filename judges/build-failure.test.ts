// BuildKit's own words, as Docker 26 prints them, become a code, a line and advice.

import { describe, expect, test } from 'vitest';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import { explainBuildFailure, explainTimeout, readBuildReport } from './build-failure.ts';
import { readDockerfile } from './dockerfile.ts';

const START = `#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 95B done
#1 DONE 0.0s
`;

function known(dockerfile: string, ...paths: string[]) {
	const files = new Map<string, SubmittedFile>(
		paths.map((path) => [path, { kind: 'text', path, mode: 0o644, text: '' }]),
	);
	return {
		files,
		dockerfile: readDockerfile('Dockerfile', dockerfile),
		images: ['python:3.13-slim'],
	};
}

const source = (line: number, text: string) =>
	`Dockerfile:${line}\n--------------------\n ${line} | >>> ${text}\n--------------------\n`;

describe('a build that failed', () => {
	test('at a RUN step: its line, its exit code and what it printed', () => {
		const output = `${START}
#4 [1/2] FROM docker.io/library/python:3.13-slim
#4 DONE 0.0s

#5 [2/2] RUN flood-me
#5 0.241 /bin/sh: 1: flood-me: not found
#5 ERROR: process "/bin/sh -c flood-me" did not complete successfully: exit code: 127
------
 > [2/2] RUN flood-me:
0.241 /bin/sh: 1: flood-me: not found
------
${source(3, 'RUN flood-me')}ERROR: failed to solve: process "/bin/sh -c flood-me" did not complete successfully: exit code: 127
`;
		const failure = explainBuildFailure(output, known('FROM python:3.13-slim\n\nRUN flood-me\n'));
		expect(failure.code).toBe('build-failed');
		expect(failure.message).toContain('RUN flood-me, with exit code 127');
		expect(failure.evidence).toEqual([
			{ kind: 'line', file: 'Dockerfile', line: 3, text: 'RUN flood-me' },
			{
				kind: 'output',
				label: 'The last lines of this step',
				text: '/bin/sh: 1: flood-me: not found',
			},
		]);
	});

	test('at an unknown instruction: the one that was meant', () => {
		const output = `${START}${source(3, 'WORKDRI /app')}ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: WORKDRI (did you mean WORKDIR?)\n`;
		const failure = explainBuildFailure(output, known('FROM x\n\nWORKDRI /app\n'));
		expect(failure).toMatchObject({ code: 'dockerfile-invalid', hint: 'Did you mean WORKDIR?' });
		expect(failure.evidence[0]).toMatchObject({ line: 3, text: 'WORKDRI /app' });
	});

	test('without instructions, or without a Dockerfile', () => {
		const empty = `${START}${source(1, '# x')}ERROR: failed to solve: file with no instructions\n`;
		expect(explainBuildFailure(empty, known('# x\n')).code).toBe('dockerfile-empty');
		const none = `${START}ERROR: failed to solve: failed to read dockerfile: open Dockerfile: no such file or directory\n`;
		const failure = explainBuildFailure(none, known('', 'dockerfile'));
		expect(failure.code).toBe('dockerfile-missing');
		expect(failure.hint).toContain('You have a file named dockerfile.');
	});

	test('at a base image that is not there: the one that is', () => {
		const output = `${START}
#2 [internal] load metadata for docker.io/library/python:3.13-slimm
#2 ERROR: docker.io/library/python:3.13-slimm: not found
------
 > [internal] load metadata for docker.io/library/python:3.13-slimm:
------
${source(1, 'FROM python:3.13-slimm')}ERROR: failed to solve: python:3.13-slimm: failed to resolve source metadata for docker.io/library/python:3.13-slimm: docker.io/library/python:3.13-slimm: not found
`;
		const failure = explainBuildFailure(output, known('FROM python:3.13-slimm\n'));
		expect(failure.code).toBe('base-image-unavailable');
		expect(failure.message).toContain('python:3.13-slimm');
		expect(failure.hint).toContain('Did you mean python:3.13-slim?');
	});

	test('at an image that the lab promises: our fault', () => {
		const output = `${START}${source(1, 'FROM python:3.13-slim')}ERROR: failed to solve: python:3.13-slim: failed to resolve source metadata for docker.io/library/python:3.13-slim: dial tcp: connection refused\n`;
		expect(() => explainBuildFailure(output, known('FROM python:3.13-slim\n'))).toThrow(
			expect.objectContaining({ code: 'lab-image-missing' }),
		);
	});

	test('at a COPY of what is not in the context', () => {
		const output = `${START}
#7 [3/4] COPY requirements.txt .
#7 ERROR: failed to calculate checksum of ref a::b: "/requirements.txt": not found
------
 > [3/4] COPY requirements.txt .:
------
${source(2, 'COPY requirements.txt .')}ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref a::b: "/requirements.txt": not found
`;
		const dockerfile = 'FROM x\nCOPY requirements.txt .\n';
		const absent = explainBuildFailure(output, known(dockerfile, 'app.py'));
		expect(absent).toMatchObject({ code: 'copy-source-missing' });
		expect(absent.evidence[0]).toMatchObject({ line: 2 });
		const ignored = explainBuildFailure(output, known(dockerfile, 'requirements.txt'));
		expect(ignored.hint).toContain('the ignore file leaves it out');
		const misspelt = explainBuildFailure(output, known(dockerfile, 'requirement.txt'));
		expect(misspelt.hint).toBe('Did you mean requirement.txt?');
	});

	test('because of an ignore file that Docker cannot read', () => {
		const output =
			'ERROR: failed to solve: rpc error: code = Unknown desc = invalid excludepatterns: [[a-]: syntax error in pattern\n';
		expect(explainBuildFailure(output, known('FROM x\n')).code).toBe('dockerignore-invalid');
	});

	test('because the daemon went away, or for no reason given: our fault', () => {
		for (const output of [
			'ERROR: Cannot connect to the Docker daemon at unix:///run/docker.sock. Is it running?\n',
			'#5 [2/2] RUN sleep 9\n',
		]) {
			expect(() => explainBuildFailure(output, known('FROM x\n'))).toThrow(
				expect.objectContaining({ name: 'InfrastructureError' }),
			);
		}
	});
});

test('what a step prints cannot pass for the report', () => {
	const output = `${START}#5 [2/2] RUN ./evil
#5 0.2 ERROR: Cannot connect to the Docker daemon
------
 > [2/2] RUN ./evil:
0.2 ERROR: Cannot connect to the Docker daemon
0.2 ------
------
${source(2, 'RUN ./evil')}ERROR: failed to solve: process "/bin/sh -c ./evil" did not complete successfully: exit code: 1
`;
	const report = readBuildReport(output);
	expect(report).toMatchObject({ line: 2, step: 'RUN ./evil' });
	expect(explainBuildFailure(output, known('FROM x\nRUN ./evil\n')).code).toBe('build-failed');
});

test('a build that never ends points at the step that was still running', () => {
	const output = `${START}#4 [1/3] FROM docker.io/library/python:3.13-slim
#4 CACHED

#5 [2/3] RUN true
#5 DONE 0.1s

#6 [3/3] RUN sleep infinity
`;
	const file = readDockerfile(
		'Dockerfile',
		'FROM python:3.13-slim\nRUN true\nRUN sleep infinity\n',
	);
	const failure = explainTimeout(output, 120, file);
	expect(failure.code).toBe('build-timeout');
	expect(failure.evidence[0]).toMatchObject({ line: 3, text: 'RUN sleep infinity' });
});
