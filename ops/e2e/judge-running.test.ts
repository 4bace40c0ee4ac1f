// Checks of the running container, measured on real ones: an app that is right by all of them, and apps
// that are wrong by each.

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

const port = 8080;
const checks = [
	{ check: 'image-builds', within: 120 },
	{ check: 'container-runs', port },
	{ check: 'container-listens', port },
	{ check: 'container-not-root' },
	{ check: 'container-memory', megabytes: 60, after: { port } },
	{ check: 'container-logs', matches: 'GET / ', within: 20 },
	{ check: 'container-healthy', notices: true },
	{ check: 'container-stops', port, within: 8, finishes: '/slow' },
	{ check: 'container-restarts', port },
	{ check: 'container-read-only', port },
	{
		...{ check: 'container-keeps-data', port, volume: '/data' },
		...{ write: { path: '/notes', body: 'milk' }, read: { path: '/notes', contains: 'milk' } },
	},
	{
		check: 'http',
		id: 'env',
		port: 9090,
		env: { PORT: '9090', GREETING: "it's" },
		contains: "it's",
	},
	{ check: 'http', id: 'headers', port, headers: { 'content-type': 'application/json.*' } },
	{ check: 'http', id: 'json', port, json: { greeting: 'hello', 'list.1': 2 } },
];

const labOf = (wanted: readonly object[]): Lab => ({
	...{ slug: '99-running', digest: 'none', text: '', starter: [] },
	front: LabFrontMatter.parse({
		...{ title: 'Running', summary: 'Running', minutes: 5, goals: ['Hold'] },
		...{ images: ['python:3.13-slim'], checks: wanted },
	}),
});
const lab = labOf(checks);

const APP = `
import json, os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
HELD = 'x' * int(os.environ.get('HOLD', '0'))
DATA = os.environ.get('DATA', '/tmp')
if os.environ.get('LOCK'):
    if os.path.exists('/tmp/lock'): sys.exit('it is locked')
    open('/tmp/lock', 'w')
class Handler(BaseHTTPRequestHandler):
    def answer(self, code, text, kind='application/json'):
        self.send_response(code)
        self.send_header('Content-Type', os.environ.get('KIND', kind))
        self.end_headers()
        self.wfile.write(text.encode())
    def do_GET(self):
        if os.environ.get('COUNT'): open(os.environ['COUNT'], 'a').write('1')
        if self.path == '/slow': time.sleep(1)
        if self.path != '/notes':
            return self.answer(200, json.dumps({'greeting': os.environ.get('GREETING', 'hello'), 'list': [1, 2]}))
        try: self.answer(200, open(DATA + '/notes').read())
        except FileNotFoundError: self.answer(200, '')
    def do_POST(self):
        try:
            open(DATA + '/notes', 'a').write(self.rfile.read(int(self.headers['Content-Length'])).decode())
            self.answer(201, '{}')
        except OSError as error: self.answer(500, str(error))
class Server(ThreadingHTTPServer):
    daemon_threads = False
server = Server((os.environ.get('HOST', '0.0.0.0'), int(os.environ.get('PORT', '8080'))), Handler)
def end(*_):
    if os.environ.get('FAIL'): os._exit(1)
    if not os.environ.get('DEAF'): threading.Thread(target=server.shutdown).start()
if not os.environ.get('DEFAULT'): signal.signal(signal.SIGTERM, end)
server.serve_forever()
server.server_close()
`;
const HEALTH =
	'import os, urllib.request; urllib.request.urlopen("http://localhost:" + os.environ.get("PORT", "8080"))';

function submission(...dockerfile: string[]): SubmittedFile[] {
	const text = (path: string, text: string) => ({ kind: 'text', path, mode: 0o644, text }) as const;
	const lines = ['FROM python:3.13-slim', 'COPY app.py health.py /srv/', ...dockerfile];
	return [
		text('Dockerfile', `${lines.join('\n')}\n`),
		text('app.py', APP),
		text('health.py', HEALTH),
	];
}
const CMD = 'CMD ["python", "-u", "/srv/app.py"]';

const codes = (results: readonly CheckResult[]) =>
	Object.fromEntries(results.map(({ id, status, failure }) => [id, failure?.code ?? status]));

/** Each failure must help as well. */
async function judged(lab: Lab, ...dockerfile: string[]): Promise<Record<string, string>> {
	const errors: unknown[] = [];
	const onError = (error: unknown) => errors.push(error);
	const verdict = Verdict.parse(await room.judge(lab, submission(...dockerfile), { onError }));
	expect(errors).toEqual([]);
	for (const { failure } of verdict.checks) {
		if (!failure) continue;
		expect(failure.message.length).toBeGreaterThan(20);
		expect(failure.hint.length).toBeGreaterThan(10);
		expect(failure.evidence.length).toBeGreaterThan(0);
	}
	return codes(verdict.checks);
}

test('what is right by all of them', async () => {
	const found = await judged(
		lab,
		'RUN useradd app && mkdir /data && chown app /data',
		'ENV DATA=/data',
		'USER app',
		'HEALTHCHECK --start-period=20s CMD ["python", "/srv/health.py"]',
		CMD,
	);
	expect(found).toEqual(
		Object.fromEntries(lab.front.checks.map(({ id, check }) => [id ?? check, 'passed'])),
	);
});

test('what is wrong by all of them', async () => {
	const found = await judged(
		lab,
		'ENV HOLD=100000000 COUNT=/srv/count GREETING=hi KIND=text/plain DEAF=1 LOCK=1',
		'HEALTHCHECK CMD true',
		'CMD python /srv/app.py 2>/dev/null',
	);
	expect(found).toEqual({
		...{ 'image-builds': 'passed', 'container-runs': 'passed', 'container-listens': 'passed' },
		'container-not-root': 'process-runs-as-root',
		'container-memory': 'memory-too-high',
		'container-logs': 'log-missing',
		'container-healthy': 'health-blind',
		'container-stops': 'stop-killed',
		'container-restarts': 'restart-failed',
		'container-read-only': 'root-needs-writing',
		'container-keeps-data': 'data-lost',
		...{ env: 'passed', headers: 'http-header', json: 'http-json' },
	});
});

test('each in other ways', async () => {
	const few = labOf(
		checks.filter(({ check }) => /builds|runs|listens|healthy|stops|keeps/.test(check)),
	);
	const localhost = await judged(
		few,
		'RUN mkdir /data && useradd app',
		'ENV HOST=127.0.0.1 DATA=/data FAIL=1',
		'USER app',
		'HEALTHCHECK CMD curl -f localhost:8080',
		CMD,
	);
	expect(localhost).toMatchObject({
		'container-listens': 'port-localhost-only',
		'container-healthy': 'health-failing',
		'container-keeps-data': 'http-localhost-only',
	});
	const cut = await judged(
		few,
		'RUN mkdir /data && useradd app',
		'ENV DATA=/data FAIL=1 PORT=8080',
		'USER app',
		CMD,
	);
	expect(cut).toMatchObject({
		'container-healthy': 'image-health-missing',
		'container-stops': 'stop-cut-short',
		'container-keeps-data': 'data-not-written',
	});
	const wrong = await judged(
		labOf([...few.front.checks.slice(0, 3), { check: 'container-stops', port: 9000 }]),
		'ENV PORT=9000 FAIL=1',
		CMD,
	);
	expect(wrong).toMatchObject({
		'container-listens': 'port-other',
		'container-stops': 'stop-exit-code',
	});
});
