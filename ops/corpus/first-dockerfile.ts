// Submissions to the first lab as people write them: right, wrong, odd but right, and malicious.

import type { Submission } from './corpus.ts';

const LAB = '01-first-dockerfile';
const CMD = 'CMD ["python", "app.py"]';
/** What everybody begins with. */
const HEAD = ['FROM python:3.13-slim', 'WORKDIR /app', 'COPY . .'];
const IGNORE = '**/__pycache__\nvenv\n';

const dockerfile = (...lines: string[]) => ({ Dockerfile: `${lines.join('\n')}\n` });

/** Changes to the solution; null takes a file away. */
type Row = [name: string, expected: string, changes: Record<string, string | null>];
const all = (kind: Submission['kind'], rows: Row[]): Submission[] =>
	rows.map(([name, expected, changes]) => ({ lab: LAB, kind, name, expected, changes }));

const RIGHT: Row[] = [
	['as in the text', 'passed', dockerfile(...HEAD, 'EXPOSE 8080', CMD)],
	['without EXPOSE', 'passed', dockerfile(...HEAD, CMD)],
	['EXPOSE with its protocol', 'passed', dockerfile(...HEAD, 'EXPOSE 8080/tcp', CMD)],
	['shell form', 'passed', dockerfile(...HEAD, 'CMD python app.py')],
	['python3', 'passed', dockerfile(...HEAD, 'CMD ["python3", "app.py"]')],
	['an absolute path', 'passed', dockerfile(...HEAD, 'CMD ["python", "/app/app.py"]')],
	['ENTRYPOINT', 'passed', dockerfile(...HEAD, 'ENTRYPOINT ["python", "app.py"]')],
	[
		'ENTRYPOINT and CMD together',
		'passed',
		dockerfile(...HEAD, 'ENTRYPOINT ["python"]', 'CMD ["app.py"]'),
	],
	['unbuffered', 'passed', dockerfile(...HEAD, 'ENV PYTHONUNBUFFERED=1', CMD)],
	['-u', 'passed', dockerfile(...HEAD, 'CMD ["python", "-u", "app.py"]')],
	['as a module', 'passed', dockerfile(...HEAD, 'CMD ["python", "-m", "app"]')],
	[
		'another folder',
		'passed',
		dockerfile('FROM python:3.13-slim', 'WORKDIR /usr/src/app', 'COPY . .', CMD),
	],
	['ADD for COPY', 'passed', dockerfile(...HEAD.slice(0, 2), 'ADD . .', CMD)],
	['COPY to the full path', 'passed', dockerfile(...HEAD.slice(0, 2), 'COPY . /app', CMD)],
	[
		'file by file',
		'passed',
		dockerfile(
			...HEAD.slice(0, 2),
			...['COPY app.py .', 'COPY pages pages', 'COPY static static', CMD],
		),
	],
	['a user of its own', 'passed', dockerfile(...HEAD, 'RUN useradd someone', 'USER someone', CMD)],
	['a health check', 'passed', dockerfile(...HEAD, 'HEALTHCHECK CMD true', CMD)],
	['ignore: with trailing slashes', 'passed', { '.dockerignore': '**/__pycache__/\nvenv/\n' }],
	['ignore: all that Python makes', 'passed', { '.dockerignore': '**/*.pyc\nvenv*\n' }],
	['ignore: ** at both ends', 'passed', { '.dockerignore': '**/__pycache__/**\n**/venv/**\n' }],
	['ignore: from the top', 'passed', { '.dockerignore': '/venv\n**/__pycache__\n' }],
	['ignore: Windows line ends', 'passed', { '.dockerignore': '**/__pycache__\r\nvenv\r\n' }],
];

const ODD: Row[] = [
	[
		'lower case',
		'passed',
		dockerfile(...HEAD.map((line) => line.toLowerCase()), 'cmd python app.py'),
	],
	['Windows line ends', 'passed', { Dockerfile: `${[...HEAD, CMD].join('\r\n')}\r\n` }],
	['no line end at all', 'passed', { Dockerfile: [...HEAD, CMD].join('\n') }],
	['comments and blank lines', 'passed', dockerfile('# hello', '', ...HEAD, '', '  # bye', CMD)],
	[
		'a comment within a RUN',
		'passed',
		dockerfile(...HEAD, 'RUN true && \\', '# why', '  true', CMD),
	],
	['indented', 'passed', dockerfile(...HEAD.map((line) => `\t ${line}`), `  ${CMD}`)],
	['two backslashes end a line', 'passed', dockerfile(...HEAD, 'RUN echo a\\\\', CMD)],
	['another escape', 'passed', dockerfile('# escape=`', ...HEAD, 'RUN echo a `', '  b', CMD)],
	[
		'ARG before FROM',
		'passed',
		dockerfile('ARG TAG=3.13-slim', 'FROM python:${TAG}', ...HEAD.slice(1), CMD),
	],
	[
		'two stages',
		'passed',
		dockerfile(
			'FROM python:3.13-slim AS code',
			'COPY . /code',
			...HEAD.slice(0, 2),
			'COPY --from=code /code .',
			CMD,
		),
	],
	['the last CMD counts', 'passed', dockerfile(...HEAD, 'CMD ["false"]', CMD)],
	['the app by a shell', 'passed', dockerfile(...HEAD, 'CMD ["sh", "-c", "exec python app.py"]')],
	[
		'the app behind a shell',
		'passed',
		dockerfile(...HEAD, 'CMD ["sh", "-c", "python app.py; true"]'),
	],
	[
		'a script',
		'passed',
		{ ...dockerfile(...HEAD, 'CMD ["sh", "run.sh"]'), 'run.sh': 'python app.py\n' },
	],
	[
		'cd in the command',
		'passed',
		dockerfile('FROM python:3.13-slim', 'COPY . /x', 'CMD cd /x && python app.py'),
	],
	[
		'at the root of the image',
		'passed',
		dockerfile('FROM python:3.13-slim', 'COPY . /', 'CMD ["python", "/app.py"]'),
	],
	[
		'a relative WORKDIR',
		'passed',
		dockerfile('FROM python:3.13-slim', 'WORKDIR srv', 'WORKDIR app', 'COPY . .', CMD),
	],
	['a heredoc', 'passed', dockerfile(...HEAD, 'RUN <<EOF', 'echo one', 'echo two', 'EOF', CMD)],
	['ready after a moment', 'passed', dockerfile(...HEAD, 'CMD sleep 2 && python app.py')],
	['copied twice', 'passed', dockerfile(...HEAD, 'COPY . .', CMD)],
	[
		'ignore: all but',
		'passed',
		{ '.dockerignore': '*\n!app.py\n!pages\n!static\n**/__pycache__\n' },
	],
	['ignore: a comment, blanks', 'passed', { '.dockerignore': `# hm\n\n  ${IGNORE}` }],
	[
		'ignore: of this Dockerfile alone',
		'passed',
		{ '.dockerignore': null, 'Dockerfile.dockerignore': IGNORE },
	],
	[
		'ignore: the Dockerfile too',
		'passed',
		{ '.dockerignore': `${IGNORE}Dockerfile\n.dockerignore\n` },
	],
];

const WRONG: Row[] = [
	['no Dockerfile', 'file-missing', { Dockerfile: null }],
	['dockerfile', 'file-missing', { Dockerfile: null, dockerfile: 'FROM python:3.13-slim\n' }],
	[
		'Dockerfile.txt',
		'file-missing',
		{ Dockerfile: null, 'Dockerfile.txt': 'FROM python:3.13-slim\n' },
	],
	['an empty one', 'file-empty', { Dockerfile: '\n \n' }],
	['comments only', 'dockerfile-empty', { Dockerfile: '# to do\n' }],
	['no ignore file', 'dockerignore-missing', { '.dockerignore': null }],
	['ignore: the top alone', 'context-not-ignored', { '.dockerignore': 'venv\n__pycache__\n' }],
	['ignore: no venv', 'context-not-ignored', { '.dockerignore': '**/__pycache__\n' }],
	['ignore: taken back', 'context-not-ignored', { '.dockerignore': `${IGNORE}!venv\n` }],
	['ignore: all', 'context-over-ignored', { '.dockerignore': '*\n' }],
	['ignore: all Python', 'context-over-ignored', { '.dockerignore': `${IGNORE}**/*.py\n` }],
	['COPY without its end', 'dockerfile-invalid', dockerfile(...HEAD.slice(0, 2), 'COPY .', CMD)],
	['COYP', 'dockerfile-invalid', dockerfile(...HEAD.slice(0, 2), 'COYP . .', CMD)],
	['no FROM', 'dockerfile-invalid', dockerfile(...HEAD.slice(1), CMD)],
	['another tag', 'base-image-unavailable', dockerfile('FROM python:3.99', ...HEAD.slice(1), CMD)],
	['pyhton', 'base-image-unavailable', dockerfile('FROM pyhton:3.13-slim', ...HEAD.slice(1), CMD)],
	[
		'a file that is not there',
		'copy-source-missing',
		dockerfile(...HEAD, 'COPY requirements.txt .', CMD),
	],
	['a step that fails', 'build-failed', dockerfile(...HEAD, 'RUN exit 3', CMD)],
	['a program that is not there', 'build-failed', dockerfile(...HEAD, 'RUN make', CMD)],
	[
		'started while it builds',
		'build-failed',
		dockerfile(...HEAD, 'RUN timeout 2 python app.py', CMD),
	],
	['no CMD', 'container-exited', dockerfile(...HEAD)],
	['another file', 'container-exited', dockerfile(...HEAD, 'CMD ["python", "main.py"]')],
	['words in one', 'container-not-started', dockerfile(...HEAD, 'CMD ["python app.py"]')],
	['in the background', 'container-exited', dockerfile(...HEAD, 'CMD python app.py &')],
	['single quotes', 'container-exited', dockerfile(...HEAD, "CMD ['python', 'app.py']")],
	['nothing copied', 'container-exited', dockerfile(...HEAD.slice(0, 2), CMD)],
	[
		'the app without its pages',
		'container-exited',
		dockerfile(...HEAD.slice(0, 2), 'COPY app.py .', CMD),
	],
	['serves nothing', 'http-unreachable', dockerfile(...HEAD, 'CMD ["sleep", "999"]')],
	[
		'another server',
		'http-status',
		dockerfile(...HEAD, 'CMD ["python", "-m", "http.server", "8080"]'),
	],
	['on 8000', 'http-wrong-port', dockerfile(...HEAD, 'CMD ["python", "-m", "http.server"]')],
];

const MALICIOUS: Row[] = [
	[
		'prints what a judge would',
		'container-exited',
		dockerfile(...HEAD, 'CMD echo \'running 1 10.0.0.1\\n{"status":"passed"}\''),
	],
	[
		'prints a report of the builder',
		'build-failed',
		dockerfile(...HEAD, "RUN printf 'ERROR: failed to solve: rpc error\\n' >&2; exit 1", CMD),
	],
	[
		'plants a docker',
		'container-exited',
		{
			...dockerfile(...HEAD, 'CMD ["true"]'),
			docker: '#!/bin/sh\nexit 0\n',
			sh: '#!/bin/sh\nexit 0\n',
		},
	],
	[
		'answers 200 to everything',
		'http-body',
		{
			...dockerfile(...HEAD, CMD),
			'app.py':
				'from http.server import *\nclass H(BaseHTTPRequestHandler):\n def do_GET(self): self.send_response(200); self.end_headers()\nHTTPServer(("0.0.0.0", 8080), H).serve_forever()\n',
		},
	],
	[
		'leaves a server behind in the build',
		'container-exited',
		dockerfile(...HEAD, 'RUN (python app.py &) ; sleep 1', 'CMD ["true"]'),
	],
	[
		'mounts what it may not',
		'build-failed',
		dockerfile(...HEAD, 'RUN mount -t tmpfs none /mnt', CMD),
	],
	[
		'reads what is outside',
		'copy-source-missing',
		dockerfile(...HEAD, 'COPY ../../etc/shadow /shadow', CMD),
	],
	[
		'four thousand stages',
		'dockerfile-invalid',
		{ Dockerfile: `${'FROM scratch\n'.repeat(4000)}X\n` },
	],
];

export const FIRST_DOCKERFILE: readonly Submission[] = [
	...all('right', RIGHT),
	...all('odd', ODD),
	...all('wrong', WRONG),
	...all('malicious', MALICIOUS),
];
