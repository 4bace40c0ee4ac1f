// In a real sandbox, what a student does with images and packages works through the mirror, or says at
// once why it can't.

import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JudgeSandbox } from '@containrlab/runnerd/sandboxes/handle.ts';
import { TestInstance, sh, until } from '@containrlab/runnerd/sandboxes/testing.ts';
import { startMirror } from './mirror.ts';
import { findUpstreams } from './upstreams.ts';

// Real builds with real packages, perhaps on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const docker = new Docker();
const PYTHON = 'python:3.13-slim';
let instance: TestInstance;
let sandbox: JudgeSandbox;

/** As ops starts it; again, it is the same one. */
async function start(): Promise<string> {
	const image = process.env['MIRROR_IMAGE'];
	if (!image) throw new Error('MIRROR_IMAGE must name the mirror’s image; `npm test` sets it');
	const upstreams = await findUpstreams(process.env);
	return startMirror(docker, { image, instance: instance.name, upstreams });
}

beforeAll(async () => {
	instance = await TestInstance.create();
	instance.mirror = await start();
	const sandboxes = await instance.launch();
	sandbox = await sandboxes.acquire('judge', { signal: AbortSignal.timeout(60_000) });
});
afterAll(() => instance[Symbol.asyncDispose]());

/** What it prints on both outputs, and its status. */
async function run(line: string) {
	const { stdout, stderr, exitCode } = await sandbox.exec(['bash', '-c', line], {
		timeoutMs: 200_000,
	});
	return { said: `${stdout}${stderr}`, status: exitCode };
}

describe('images', () => {
	test('one that is there already is up to date', async () => {
		expect(await sh(sandbox, `docker pull ${PYTHON}`)).toContain('Image is up to date');
	});

	test('one that was removed is pulled again', async () => {
		await sh(sandbox, `docker tag ${PYTHON} kept && docker rmi ${PYTHON}`);
		expect(await sh(sandbox, `docker pull ${PYTHON}`)).toContain('Downloaded newer image');
		expect(await sh(sandbox, `docker inspect -f '{{.Id}}' ${PYTHON} kept | sort -u | wc -l`)).toBe(
			'1',
		);
	});

	test.each<[line: string, words: RegExp]>([
		['docker pull alpine', /manifest unknown: here are .*python:3\.13-slim/],
		['docker run --rm ubuntu true', /manifest unknown: here are .*python:3\.13-slim/],
		['docker pull ghcr.io/some/thing', /of this registry nothing is here/],
		['docker pull registry.example/thing', /no such host/],
		['echo FROM alpine | docker build -', /alpine:latest: not found/],
		['echo FROM alpine | DOCKER_BUILDKIT=0 docker build -', /here are .*python:3\.13-slim/],
		[`docker tag ${PYTHON} me/mine; docker push me/mine`, /can be pulled here and not pushed/],
		['docker manifest inspect alpine', /manifest unknown|no such manifest/],
	])('%s says why not', async (line, words) => {
		const { said, status } = await run(line);
		expect(said).toMatch(words);
		expect(status).not.toBe(0);
	});

	test('a search lists what there is', async () => {
		expect(await sh(sandbox, 'docker search python')).toContain(PYTHON);
		expect(await sh(sandbox, 'curl -sS http://mirror.sbx.internal/')).toContain(PYTHON);
	});
});

describe('packages', () => {
	const dockerfile = `FROM ${PYTHON}\nRUN apt-get update && apt-get install -y hello\n`;
	const build = (options: string) =>
		run(
			`printf '${dockerfile.replaceAll('\n', '\\n')}' | ${options} -t built - && docker run --rm built hello`,
		);

	test.each(['docker build', 'DOCKER_BUILDKIT=0 docker build --no-cache'])(
		'an unchanged Dockerfile installs Debian’s with %s, and nothing of ours is left in the image',
		async (command) => {
			const { said, status } = await build(command);
			expect(said).toContain('Hello, world!');
			expect(status).toBe(0);
			const left = await sh(sandbox, 'docker inspect built; docker history --no-trunc built');
			expect(left).not.toMatch(/sbx\.internal|10\.255|PIP_|NPM_/);
			const sources = 'docker run --rm built sh -c "cat /etc/apt/sources.list.d/* /etc/hosts"';
			expect(await sh(sandbox, sources)).not.toMatch(/sbx\.internal/);
		},
	);

	test('npm’s are there in docker run, compose and networks of one’s own, under portable names', async () => {
		const look =
			'import json, os, urllib.request as u; ' +
			'at = lambda path: u.urlopen(os.environ["NPM_CONFIG_REGISTRY"] + path).read(); ' +
			'found = json.loads(at("ms"))["versions"]["2.1.3"]["dist"]["tarball"]; ' +
			'print(found, len(at("ms/-/ms-2.1.3.tgz")))';
		const expected = /^https:\/\/registry\.npmjs\.org\/ms\/-\/ms-2\.1\.3\.tgz \d{4}$/;
		const python = `python -c '${look}'`;
		expect(await sh(sandbox, `docker run --rm ${PYTHON} ${python}`)).toMatch(expected);
		await sh(sandbox, 'docker network create mine');
		expect(await sh(sandbox, `docker run --rm --network mine ${PYTHON} ${python}`)).toMatch(
			expected,
		);
		const compose = `services:\n  mirror:\n    image: ${PYTHON}\n    command: [python, -c, '${look.replaceAll("'", "''")}']\n`;
		const up =
			'cd "$(mktemp -d)" && printf %s "$1" > compose.yaml && docker compose run --rm mirror 2> /dev/null';
		const { stdout } = await sandbox.exec(['bash', '-c', up, 'up', compose], { timeoutMs: 60_000 });
		expect(stdout.trim()).toMatch(expected);
	});

	test('Python’s are installed offline, compiled ones too, with all that they need', async () => {
		const wanted = 'flask fastapi uvicorn requests httpx sqlalchemy redis pytest gunicorn';
		const use = `python -c "import ${wanted.replaceAll(' ', ', ')}" && pip check && flask --version`;
		const { said, status } = await run(
			`docker run --rm ${PYTHON} sh -c 'pip install -q --root-user-action=ignore --upgrade pip ${wanted} && ${use}'`,
		);
		expect(said).toMatch(/No broken requirements found\.\n.*\nFlask \d/);
		expect(status).toBe(0);
	});

	test('what pip can’t find here is refused at once, and there is a list', async () => {
		const unknown = await run(`docker run --rm ${PYTHON} pip install no-such-package-here`);
		expect(unknown.said).toContain('No matching distribution found for no-such-package-here');
		expect(await sh(sandbox, 'curl -sS http://pypi.mirror.sbx.internal/')).toMatch(/^Flask==\d/m);
	});

	test('a value of the user’s own goes first', async () => {
		const own = `docker run --rm -e NPM_CONFIG_REGISTRY=mine ${PYTHON} sh -c 'echo $NPM_CONFIG_REGISTRY'`;
		expect(await sh(sandbox, own)).toBe('mine');
	});

	test.each<[path: string, words: RegExp]>([
		[
			'http://npm.mirror.sbx.internal/no-such-package-here',
			/^404 .*npm has no package of this name/,
		],
		['-X PUT -d {} http://npm.mirror.sbx.internal/mine', /^403 .*nothing can be published/],
		['http://npm.mirror.sbx.internal/-/all', /^404 .*not to be had/],
		['--path-as-is http://deb.debian.org/debian/../../etc/passwd', /^400 /],
		['--path-as-is http://deb.debian.org/debian/%2e%2e/x', /^400 /],
		['http://pypi.mirror.sbx.internal/simple/no-such/', /^404 .*no package of this name here/],
		['-X POST http://deb.debian.org/debian/', /^405 /],
		['http://deb.debian.org/elsewhere/', /^404 .*\/debian-security here/],
		['-H Host:169.254.169.254 http://mirror.sbx.internal/latest', /^404 There is no internet here/],
		['http://mirror.sbx.internal/../state/tls.key --path-as-is', /^40[04] /],
		[
			'-k -X DELETE https://registry-1.docker.io/v2/library/python/manifests/3.13-slim',
			/^403 .*not pushed/,
		],
	])('%s', async (path, words) => {
		const { said } = await run(`curl -sS -w '\\n%{http_code} ' ${path} | tac | tr -d '\\n'`);
		expect(said).toMatch(words);
	});
});

describe('its own life', () => {
	test('it is the same one until something about it changes', async () => {
		const id = async () => (await docker.getContainer(`${instance.name}-mirror`).inspect()).Id;
		const before = await id();
		await start();
		expect(await id()).toBe(before);
	});

	test('when a part of it ends the engine starts it again, and running sandboxes go on', async () => {
		const container = docker.getContainer(`${instance.name}-mirror`);
		const { RestartCount } = await container.inspect();
		const kill = await container.exec({ Cmd: ['sh', '-c', 'kill -9 $(cat /tmp/nginx.pid)'] });
		await (await kill.start({})).resume();
		await until('its restart', async () => (await container.inspect()).RestartCount > RestartCount);
		await start();
		expect(await sh(sandbox, `docker pull ${PYTHON}`)).toContain('Image is up to date');
	});

	test('one that was removed is made anew', async () => {
		await docker.getContainer(`${instance.name}-mirror`).remove({ force: true });
		// At once, and nobody is told what socat thinks of it.
		expect((await run(`docker pull ${PYTHON}`)).said).toMatch(/EOF$|connection reset by peer$/m);
		await start();
		expect(await sh(sandbox, `docker pull ${PYTHON}`)).toContain('Image is up to date');
	});
});
