// Checks of the running container, over what can be seen of one: the code and the advice that fit.

import { describe, expect, test } from 'vitest';
import {
	CheckDeclaration,
	type CheckName,
	type Declared,
} from '@containrlab/protocol/checks/declaration.ts';
import { readDockerfile } from '../dockerfile.ts';
import { judgeHealth } from './container-healthy.ts';
import { judgeMemory, judgeUsers } from './container-looks.ts';
import { judgeStop } from './container-stops.ts';
import { needsWriting, notWritten } from './container-storage.ts';
import { bodyMismatch, headerMismatch, valueAt } from './http-answer.ts';
import { judgeListening } from './http.ts';

const declare = <Name extends CheckName>(check: Name, more: object = {}): Declared<Name> =>
	CheckDeclaration.parse({ check, ...more }) as Declared<Name>;
const file = (...lines: string[]) => readDockerfile('Dockerfile', ['FROM a', ...lines].join('\n'));
const EXEC = file('CMD ["python", "app.py"]');

describe('container-stops', () => {
	const declared = declare('container-stops', { port: 80, within: 5 });
	const stopped = (exitCode: number, more: object = {}) => ({
		end: { status: 'exited', exitCode, outOfMemory: false, output: 'last words' } as const,
		...{ tookMs: 300, killed: false, answered: undefined, ...more },
	});

	test.each([0, 130, 143])('an end by itself with %i is fine', (code) => {
		expect(judgeStop(declared, stopped(code), EXEC)).toBeUndefined();
	});
	test.each([1, 127, 128, 137, 160, 255])('one with %i says that something went wrong', (code) => {
		const failure = judgeStop(declared, stopped(code), EXEC);
		expect(failure?.code).toBe('stop-exit-code');
		expect(failure?.message).toContain(String(code));
		expect(JSON.stringify(failure?.evidence)).toContain('last words');
	});
	test('killed: the advice goes by what starts the app', () => {
		const hint = (source: typeof EXEC) => {
			const failure = judgeStop(declared, stopped(137, { killed: true, tookMs: 5100 }), source);
			expect(failure?.code).toBe('stop-killed');
			return failure?.hint;
		};
		expect(hint(EXEC)).toContain('handle SIGTERM');
		expect(hint(file('CMD python app.py | cat'))).toContain('shell form');
		expect(hint(file('CMD ["/bin/sh", "start"]'))).toContain('begin with exec');
		expect(hint(file('CMD ["./start.sh"]'))).toContain('begin with exec');
		expect(hint(file('CMD ["python", "x"]', 'ENTRYPOINT ["fish"]'))).toContain('handle SIGTERM');
	});
	test('a request under way must be answered well', () => {
		const asked = declare('container-stops', { port: 80, finishes: '/slow' });
		const code = (answered: number) => judgeStop(asked, stopped(0, { answered }), EXEC)?.code;
		expect([200, 302, 399].map(code)).toEqual([undefined, undefined, undefined]);
		expect([0, 404, 500].map(code)).toEqual(Array(3).fill('stop-cut-short'));
	});
});

describe('container-healthy', () => {
	const declared = declare('container-healthy');
	const health = (exitCode: number, output = '') => ({
		...{ status: exitCode ? ('unhealthy' as const) : ('starting' as const), exitCode, output },
	});
	test.each([
		[0, '', 'health-starting', 'come to an end'],
		[127, 'sh: curl: not found', 'health-failing', 'no such program'],
		[-1, 'exec: "curl": executable file not found in $PATH', 'health-failing', 'no such program'],
		[1, 'Connection refused', 'health-failing', 'localhost'],
		[-1, 'Health check exceeded timeout (4s)', 'health-failing', 'waited too long'],
		[1, 'no', 'health-failing', 'docker exec'],
	])('ended with %i: %s', (exitCode, output, code, advice) => {
		const failure = judgeHealth(declared, health(exitCode, output), file('HEALTHCHECK CMD x'));
		expect(failure.code).toBe(code);
		expect(failure.hint).toContain(advice);
		expect(failure.evidence).toContainEqual({
			...{ kind: 'line', file: 'Dockerfile', line: 2, text: 'HEALTHCHECK CMD x' },
		});
	});
});

describe('whose processes, and how large', () => {
	const one = (uid: number, bytes = 0) => ({ pid: 9, uid, bytes, command: 'python app.py' });

	test('one of root among others is enough', () => {
		expect(judgeUsers([one(1000), one(33)], EXEC)).toBeUndefined();
		const failure = judgeUsers([one(1000), one(0)], file('USER root'));
		expect(failure).toMatchObject({
			code: 'process-runs-as-root',
			evidence: [{ observed: 'user 1000  python app.py\nuser 0  python app.py' }, { line: 2 }],
		});
	});
	test('memory is what all of them hold', () => {
		const declared = declare('container-memory', { megabytes: 50 });
		expect(judgeMemory(declared, [one(0, 25_000_000), one(0, 25_000_000)])).toBeUndefined();
		const failure = judgeMemory(declared, [one(0, 20_000_000), one(0, 30_000_001)]);
		expect(failure).toMatchObject({ code: 'memory-too-high' });
		expect(failure?.hint).toContain('2 processes');
		expect(JSON.stringify(failure?.evidence)).toMatch(/30 MB .*20 MB /);
		expect(judgeMemory(declared, [one(0, 60_000_000)])?.hint).toContain('keeps in memory');
	});
});

test('container-listens: nothing, elsewhere, only for itself', () => {
	const code = (...listeners: { port: number; loopback: boolean }[]) =>
		judgeListening(80, listeners, '', EXEC)?.code;
	expect(code({ port: 80, loopback: false })).toBeUndefined();
	expect(code()).toBe('port-not-open');
	expect(code({ port: 81, loopback: false })).toBe('port-other');
	expect(code({ port: 80, loopback: true }, { port: 81, loopback: false })).toBe(
		'port-localhost-only',
	);
});

test('container-read-only: the path that it wants to write', () => {
	const declared = declare('container-read-only', { port: 80 });
	const failure = { code: 'container-exited', message: 'It ended.', hint: '', evidence: [] };
	const said = (output: string) => needsWriting(declared, failure, output).hint;
	expect(said("OSError: [Errno 30] Read-only file system: '/app/x.log'")).toContain('/app/x.log');
	expect(said("Error: EROFS: read-only file system, open '/srv/y'")).toContain('/srv/y');
	expect(said('no')).toContain('Look at what it printed');
});

test('container-keeps-data: a user who may not write there is told apart', () => {
	const write = { path: '/notes' };
	const read = { path: '/notes', contains: 'x' };
	const declared = declare('container-keeps-data', { port: 80, volume: '/data', write, read });
	const answer = { status: 'answered', code: 500, body: 'no', headers: new Map() } as const;
	const said = (output: string) =>
		notWritten(declared, { ...answer, listeners: [], alive: true }, output);
	expect(said("[Errno 13] Permission denied: '/data/x'").hint).toContain('chown');
	expect(said('boom')).toMatchObject({ code: 'data-not-written' });
	expect(said('boom').hint).not.toContain('chown');
});

describe('an answer over HTTP', () => {
	const http = (more: object) => declare('http', { port: 80, ...more });
	const answer = (body: string) => ({ body, headers: new Map([['x-a', 'one; two']]) });

	test('headers: by any case of the name, and the whole value', () => {
		const code = (headers: object) => headerMismatch(http({ headers }), answer(''))?.code;
		expect(code({ 'X-A': 'one.*' })).toBeUndefined();
		expect(code({ 'x-a': 'one' })).toBe('http-header');
		expect(code({ 'x-b': '.*' })).toBe('http-header');
		expect(headerMismatch(http({}), answer(''))).toBeUndefined();
	});
	test('text', () => {
		expect(bodyMismatch(http({ contains: 'b' }), answer('abc'))).toBeUndefined();
		expect(bodyMismatch(http({ contains: 'd' }), answer('abc'))?.code).toBe('http-body');
		expect(bodyMismatch(http({ matches: '^a.c$' }), answer('abc'))).toBeUndefined();
		expect(bodyMismatch(http({ matches: '^b' }), answer('abc'))?.code).toBe('http-body');
	});
	test('JSON: each value at its path', () => {
		const code = (json: object, body: string) => bodyMismatch(http({ json }), answer(body))?.code;
		const body = '{"a":{"b":[1,{"c":null}]},"ok":true}';
		expect(code({ 'a.b.0': 1, 'a.b.1.c': null, ok: true }, body)).toBeUndefined();
		expect(code({ 'a.b.0': '1' }, body)).toBe('http-json');
		expect(code({ 'a.b.2': 1 }, body)).toBe('http-json');
		expect(code({ ok: true }, 'ok')).toBe('http-json');
		expect(bodyMismatch(http({ json: { ok: true } }), answer('ok'))?.message).toContain('JSON');
		expect(valueAt({ a: 1 }, 'toString')).toBeUndefined();
		expect(valueAt('text', 'length')).toBeUndefined();
	});
});
