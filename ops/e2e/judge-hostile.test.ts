// Submissions that try to outlast, flood or escape the judge are bounded, and judged as what they are.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOG_LIMIT } from '@containrlab/judges/log.ts';
import { type Lab, LabFrontMatter } from '@containrlab/protocol/lab.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import { codesOf, type JudgeRoom, openJudgeRoom } from './judge-room.ts';

let room: JudgeRoom;
beforeAll(async () => {
	room = await openJudgeRoom();
});
afterAll(() => room?.[Symbol.asyncDispose]());

const lab: Lab = {
	slug: '99-hostile',
	digest: 'none',
	text: '',
	starter: [],
	front: LabFrontMatter.parse({
		title: 'Hostile',
		summary: 'Hostile',
		minutes: 5,
		goals: ['Hold'],
		images: ['python:3.13-slim'],
		checks: [
			{ check: 'image-builds', within: 15 },
			{ check: 'container-runs', port: 8080 },
			{ check: 'http', port: 8080, within: 8 },
		],
	}),
};
const SERVE = 'CMD ["python", "-m", "http.server", "8080"]\n';

function dockerfile(...lines: string[]): SubmittedFile[] {
	const text = `FROM python:3.13-slim\n${lines.join('\n')}\n`;
	return [{ kind: 'text', path: 'Dockerfile', mode: 0o644, text }];
}

test('a build that never ends is stopped at its limit, at the step that is to blame', async () => {
	const verdict = await room.judge(lab, dockerfile('RUN true', 'RUN sleep infinity', SERVE));
	expect(codesOf(verdict)).toEqual(['build-timeout']);
	if (verdict.status !== 'failed') return;
	expect(verdict.failures[0]?.evidence[0]).toMatchObject({ line: 3, text: 'RUN sleep infinity' });
	expect(verdict.metrics.buildMs).toBeLessThan(25_000);
});

test('ten megabytes of build output become a bounded log, and the build is judged', async () => {
	let characters = 0;
	const verdict = await room.judge(
		lab,
		dockerfile(
			`RUN python -c "print('\\033[31m' + 'x' * 99 + '\\n') ; [print('y' * 99) for _ in range(100000)]"`,
			SERVE,
		),
		{
			onLog: (_phase, text) => {
				expect(text).not.toContain('\u001b');
				characters += text.length;
			},
		},
	);
	expect(codesOf(verdict)).toEqual(['passed']);
	expect(characters).toBeLessThan(LOG_LIMIT + 1000);
});

test('a container that floods its log is asked all the same', async () => {
	const flood = `CMD ["sh", "-c", "yes flood & exec python -m http.server 8080"]`;
	expect(codesOf(await room.judge(lab, dockerfile(flood)))).toEqual(['passed']);
});

test('one that floods and ends is shown by the end of what it said', async () => {
	const flood = `CMD ["sh", "-c", "yes flood | head -c 5000000; echo the end; exit 3"]`;
	const verdict = await room.judge(lab, dockerfile(flood));
	expect(codesOf(verdict)).toEqual(['container-exited']);
	expect(JSON.stringify(verdict)).toContain('the end');
	expect(JSON.stringify(verdict).length).toBeLessThan(20_000);
});

test('an app that takes a request and never answers is not waited for', async () => {
	const code =
		'import socket,time; s=socket.create_server(("0.0.0.0",8080)); c=s.accept(); time.sleep(999)';
	const verdict = await room.judge(
		lab,
		dockerfile(`CMD ["python", "-c", ${JSON.stringify(code)}]`),
	);
	expect(codesOf(verdict)).toEqual(['http-timeout']);
});

test('an endless answer is cut', async () => {
	const code = `from http.server import *
class H(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        while True: self.wfile.write(b"x" * 65536)
HTTPServer(("0.0.0.0", 8080), H).serve_forever()
`;
	const files: SubmittedFile[] = [
		...dockerfile('COPY app.py /', 'CMD ["python", "/app.py"]'),
		{ kind: 'text', path: 'app.py', mode: 0o644, text: code },
	];
	expect(codesOf(await room.judge(lab, files))).toEqual(['passed']);
});

test('an app that dies when it is asked is told so', async () => {
	const code =
		'import socket,sys; s=socket.create_server(("0.0.0.0",8080)); s.accept(); print("bye"); sys.exit(4)';
	const verdict = await room.judge(
		lab,
		dockerfile(`CMD ["python", "-c", ${JSON.stringify(code)}]`),
	);
	expect(codesOf(verdict)).toEqual(['container-exited']);
});

test('a program that is not in the image', async () => {
	const verdict = await room.judge(lab, dockerfile('CMD ["pythn", "app.py"]'));
	expect(codesOf(verdict)).toEqual(['container-not-started']);
});

test.each([
	['binary', Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 197 + 13) % 256))],
	['text', Buffer.from('\u{1f4a9}\u202e\u0007$(rm -rf /)`\\\n'.repeat(200))],
])(
	'a Dockerfile of noise is the student’s to mend, and the words are plain: %s',
	async (kind, noise) => {
		const file: SubmittedFile =
			kind === 'text'
				? { kind, path: 'Dockerfile', mode: 0o644, text: noise.toString() }
				: { kind: 'binary', path: 'Dockerfile', mode: 0o644, base64: noise.toString('base64') };
		const verdict = await room.judge(lab, [file]);
		expect(codesOf(verdict)).toEqual(['dockerfile-invalid']);
		expect(JSON.stringify(verdict)).not.toMatch(/\\u0007|\u202e/);
		expect(JSON.stringify(verdict).length).toBeLessThan(10_000);
	},
);

test("a build that eats all the memory is the student's, or ours, but never passes", async () => {
	const verdict = await room.judge(lab, dockerfile(`RUN python -c "b'x' * (8 << 30)"`, SERVE));
	expect(['build-failed', 'error: daemon-unreachable', 'error: build-broke']).toContain(
		codesOf(verdict)[0],
	);
});

test('one that forks until nothing is left is the student’s to mend', async () => {
	const bomb = `CMD ["sh", "-c", "while :; do sleep 999 & done"]`;
	expect(codesOf(await room.judge(lab, dockerfile(bomb)))).toEqual(['container-exited']);
	const quiet =
		'import os,time\nwhile True:\n  try:\n    if os.fork() == 0: time.sleep(999)\n  except OSError: time.sleep(1)';
	const verdict = await room.judge(
		lab,
		dockerfile(`CMD ["python", "-c", ${JSON.stringify(quiet)}]`),
	);
	expect(codesOf(verdict)).toEqual(['http-unreachable']);
});

test('links that point out of the workspace mislead nobody', async () => {
	const files: SubmittedFile[] = [
		...dockerfile('COPY . /app', SERVE),
		{ kind: 'link', path: 'passwd', target: '/etc/passwd' },
		{ kind: 'link', path: 'up', target: '../..' },
	];
	expect(codesOf(await room.judge(lab, files))).toEqual(['passed']);
	const through: SubmittedFile[] = [
		...files,
		{ kind: 'text', path: 'up/etc/evil', mode: 0o644, text: 'x' },
	];
	expect(codesOf(await room.judge(lab, through))).toEqual(['path-refused']);
});
