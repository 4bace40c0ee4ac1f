// Each check, over facts as they are measured, comes to the code and the advice that fit.

import { describe, expect, test } from 'vitest';
import { CheckDeclaration, type Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import { readDockerfile } from '../dockerfile.ts';
import type { Answer } from '../request.ts';
import { judgeStart } from './container-runs.ts';
import { judgeContext } from './context-excludes.ts';
import { judgeFile } from './file-present.ts';
import { isSettled, judgeAnswer, judgeSilence } from './http.ts';

function filesOf(contents: Record<string, string>): Map<string, SubmittedFile> {
	return new Map(
		Object.entries(contents).map(([path, text]) => [
			path,
			{ kind: 'text', path, mode: 0o644, text },
		]),
	);
}

describe('file-present', () => {
	test('a file that is there', () => {
		expect(judgeFile('Dockerfile', filesOf({ Dockerfile: 'FROM x' }))).toBeUndefined();
	});
	test('one that is empty, and one of another case', () => {
		expect(judgeFile('Dockerfile', filesOf({ Dockerfile: ' \n' }))?.code).toBe('file-empty');
		const missing = judgeFile('Dockerfile', filesOf({ dockerfile: 'FROM x' }));
		expect(missing?.code).toBe('file-missing');
		expect(missing?.hint).toContain('You have a file named dockerfile.');
	});
});

describe('context-excludes', () => {
	const declared = CheckDeclaration.parse({
		check: 'context-excludes',
		plant: ['venv/bin/activate', 'pages/__pycache__/home.pyc'],
		keep: ['app.py'],
	}) as Declared<'context-excludes'>;
	const context = (...paths: string[]) => ({ ok: true as const, paths: new Set(paths) });
	const files = filesOf({ '.dockerignore': '# mine\nvenv\n', 'app.py': '' });

	test('all out, what is needed in', () => {
		expect(judgeContext(declared, context('app.py'), files)).toBeUndefined();
	});
	test('no ignore file', () => {
		const failure = judgeContext(
			declared,
			context('app.py', 'venv/bin/activate'),
			filesOf({ 'app.py': '' }),
		);
		expect(failure?.code).toBe('dockerignore-missing');
	});
	test('a folder further down: the pattern that matches at every depth, and the lines there are', () => {
		const failure = judgeContext(declared, context('app.py', 'pages/__pycache__/home.pyc'), files);
		expect(failure?.code).toBe('context-not-ignored');
		expect(failure?.message).toContain('pages/__pycache__');
		expect(failure?.hint).toContain('**/');
		expect(failure?.evidence).toContainEqual({
			kind: 'line',
			file: '.dockerignore',
			line: 2,
			text: 'venv',
		});
	});
	test('too much', () => {
		expect(judgeContext(declared, context(), files)?.code).toBe('context-over-ignored');
	});
	test('a file that the student deleted is not missed', () => {
		const rest = filesOf({ '.dockerignore': 'venv' });
		expect(judgeContext(declared, context(), rest)).toBeUndefined();
	});
	test('patterns that Docker refuses', () => {
		const refused = { ok: false as const, message: 'syntax error in pattern' };
		expect(judgeContext(declared, refused, files)?.code).toBe('dockerignore-invalid');
	});
});

describe('container-runs', () => {
	const file = readDockerfile('Dockerfile', 'FROM x\nCMD ["python", "main.py"]\n');
	const exited = (exitCode: number, output: string) =>
		judgeStart({ status: 'exited', exitCode, outOfMemory: false, output }, file);

	test('running', () => {
		expect(
			judgeStart({ status: 'running', pid: 9, address: '', startedAt: 0, listeners: [] }, file),
		).toBeUndefined();
	});
	test('a file that is not in the image', () => {
		const failure = exited(2, "python: can't open file '/app/main.py': [Errno 2]\n");
		expect(failure?.code).toBe('container-exited');
		expect(failure?.hint).toContain('/app/main.py');
		expect(failure?.evidence).toContainEqual({
			kind: 'line',
			file: 'Dockerfile',
			line: 2,
			text: 'CMD ["python", "main.py"]',
		});
	});
	test('no CMD at all', () => {
		const bare = readDockerfile('Dockerfile', 'FROM x\n');
		const end = { status: 'exited', exitCode: 0, outOfMemory: false, output: '' } as const;
		expect(judgeStart(end, bare)?.hint).toContain('has no CMD');
	});
	test('a program that the image has not', () => {
		const message =
			'failed to create task: exec: "pythn": executable file not found in $PATH: unknown.';
		const failure = judgeStart({ status: 'refused', message }, file);
		expect(failure?.code).toBe('container-not-started');
		expect(failure?.hint).toContain('"pythn"');
	});
});

describe('http', () => {
	const declared = CheckDeclaration.parse({
		check: 'http',
		port: 8080,
		path: '/health',
		contains: 'ok',
	}) as Declared<'http'>;
	type Answered = Extract<Answer, { status: 'answered' }>;
	type Silent = Extract<Answer, { status: 'silent' }>;
	const headers = new Map([['content-type', 'application/json']]);
	const answered = (code: number, body: string): Answered => {
		return { status: 'answered', code, headers, body, listeners: [], alive: true };
	};
	const silent = (over: Partial<Silent>): Silent => {
		return { status: 'silent', why: 'dropped', detail: '', listeners: [], alive: true, ...over };
	};
	const codeOf = (answer: Silent) => judgeSilence(declared, answer, '', undefined).code;

	test('the status and the text that are expected', () => {
		expect(judgeAnswer(declared, answered(200, '{"status":"ok"}'))).toBeUndefined();
		expect(judgeAnswer(declared, answered(404, ''))?.code).toBe('http-status');
		expect(judgeAnswer(declared, answered(200, 'well'))?.code).toBe('http-body');
	});
	test('silence: what the container listens on tells why', () => {
		const other = silent({ listeners: [{ port: 5000, loopback: false }] });
		expect(codeOf(other)).toBe('http-wrong-port');
		expect(judgeSilence(declared, other, '', undefined).message).toContain('port 5000');
		const here = (loopback: boolean) => [{ port: 8080, loopback }];
		expect(codeOf(silent({ listeners: here(true) }))).toBe('http-localhost-only');
		expect(codeOf(silent({ listeners: here(false) }))).toBe('http-unreachable');
		expect(codeOf(silent({ listeners: here(false), why: 'timeout' }))).toBe('http-timeout');
		expect(codeOf(silent({}))).toBe('http-unreachable');
	});
	test('asks again while the app may still be starting, and not for ever', () => {
		expect(isSettled(8080, answered(200, ''), 0, 0)).toBe(true);
		expect(isSettled(8080, answered(503, ''), 0, 0)).toBe(false);
		expect(isSettled(8080, silent({}), 5000, 5000)).toBe(false);
		expect(isSettled(8080, silent({ alive: false }), 0, 0)).toBe(true);
		const elsewhere = silent({ listeners: [{ port: 5000, loopback: false }] });
		expect(isSettled(8080, elsewhere, 100, 500)).toBe(false);
		expect(isSettled(8080, elsewhere, 100, 2500)).toBe(true);
	});
});
