// What labs rely on of official images holds of those that sandboxes get here, stand-ins or not; pulled
// from a registry as a class has it.

import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JudgeSandbox } from '@containrlab/runnerd/sandboxes/handle.ts';
import { TestInstance, sh } from '@containrlab/runnerd/sandboxes/testing.ts';
import { labImages } from '../images.ts';
import { startMirror } from '../mirror/mirror.ts';
import { publishRegistry } from '../mirror/registry.ts';
import { findUpstreams } from '../mirror/upstreams.ts';

// The first run of all makes the images.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 420_000 });

const docker = new Docker();
const quiet = { begin() {}, log() {} };
/** Making the others takes minutes. */
const SOAK = process.env['SOAK'] !== undefined;
const WANTED = [
	...['busybox', 'debian:trixie-slim', 'hello-world', 'node:20-slim'],
	...(SOAK ? ['node:22-slim', 'nginx', 'redis', 'postgres:17', 'golang:1.24'] : []),
];
let instance: TestInstance;
let sandbox: JudgeSandbox;

beforeAll(async () => {
	instance = await TestInstance.create();
	const image = process.env['MIRROR_IMAGE'];
	if (!image) throw new Error('MIRROR_IMAGE must name the mirror’s image; `npm test` sets it');
	const volume = `${instance.name}-registry`;
	await instance.engine.createVolume(volume);
	const images = await labImages(docker, WANTED, quiet);
	await publishRegistry(docker, { mirror: image, volume, images }, quiet);
	const upstreams = await findUpstreams(process.env);
	const options = { image, instance: instance.name, upstreams, registry: volume };
	instance.mirror = await startMirror(docker, options);
	const sandboxes = await instance.launch();
	sandbox = await sandboxes.acquire('judge', { signal: AbortSignal.timeout(60_000) });
});
afterAll(() => instance[Symbol.asyncDispose]());

const run = (image: string, command = '', options = '') =>
	sh(sandbox, `docker run --rm ${options} ${image} ${command}`, 120_000);

test.each(WANTED)('%s can be pulled, and says so when it isn’t the real one', async (image) => {
	expect(await sh(sandbox, `docker pull ${image}`, 120_000)).toMatch(/Status: /);
	const label = `docker inspect -f '{{index .Config.Labels "org.containrlab.stand-in"}}' ${image}`;
	expect(await sh(sandbox, label)).toMatch(new RegExp(`^$|^${image}(:latest)?, `));
});

test('hello-world greets, and has no shell', async () => {
	expect(await run('hello-world')).toMatch(/^Hello from Docker!$/m);
	expect(await run('hello-world', 'sh')).toMatch(/executable file not found/);
});

describe('busybox', () => {
	test.each<[command: string, said: string]>([
		["sh -c 'echo $0 $(whoami) $HOME'", 'sh root /root'],
		['sh -c \'echo one two | awk "{ print \\$2 }" | tr a-z A-Z\'', 'TWO'],
		["sh -c 'touch /tmp/x && find /tmp -type f'", '/tmp/x'],
		["env -i /usr/bin/env sh -c 'id -u nobody'", '65534'],
	])('%s', async (command, said) => {
		expect(await run('busybox', command)).toBe(said);
	});

	test('its shell is what it starts', async () => {
		expect(await sh(sandbox, 'echo "echo from the shell" | docker run --rm -i busybox')).toBe(
			'from the shell',
		);
	});

	test('it serves files', async () => {
		await sh(sandbox, 'docker run -d --name web -p 8081:80 busybox httpd -f -h /etc');
		const got = await sh(
			sandbox,
			'curl -sS --retry 20 --retry-delay 1 --retry-all-errors localhost:8081/passwd',
		);
		expect(got).toContain('root:x:0:0:');
		await sh(sandbox, 'docker rm -f web');
	});
});

describe('debian:trixie-slim', () => {
	test('it is Debian, with a shell, and without lists of packages', async () => {
		expect(
			await run('debian:trixie-slim', "sh -c '. /etc/os-release; echo $VERSION_CODENAME'"),
		).toBe('trixie');
		expect(await run('debian:trixie-slim', 'ls /var/lib/apt/lists')).toBe('');
		expect(await run('debian:trixie-slim', 'apt-get install -y hello')).toContain(
			'Unable to locate package',
		);
		expect(
			await sh(sandbox, "echo 'echo $BASH_VERSION' | docker run --rm -i debian:trixie-slim"),
		).toMatch(/^5\./);
	});

	test('its sources are Debian’s own', async () => {
		const hosts = await run('debian:trixie-slim', "sh -c 'cat /etc/apt/sources.list.d/*'");
		expect([...hosts.matchAll(/^URIs: (.*)$/gm)].map(([, uri]) => uri)).toEqual([
			'http://deb.debian.org/debian',
			'http://deb.debian.org/debian-security',
		]);
	});
});

describe.each(SOAK ? ['node:20-slim', 'node:22-slim'] : ['node:20-slim'])('%s', (image) => {
	test('options, scripts and commands reach whom they are for', async () => {
		expect(await run(image, '--version')).toContain(`v${image.slice(5, 7)}.`);
		expect(await run(image, "-p '6 * 7'")).toBe('42');
		expect(await sh(sandbox, `echo 'console.log(7)' | docker run --rm -i ${image}`)).toBe('7');
		const script = 'echo "console.log(process.argv[2])" > say.js';
		expect(
			await sh(sandbox, `${script}; docker run --rm -v "$PWD":/app -w /app ${image} say.js hi`),
		).toBe('hi');
		expect(await run(image, 'sh -c "echo $((6 * 7))"')).toBe('42');
	});

	test('it has npm and npx, a user node, and knows its version', async () => {
		const line = `sh -c 'id -un; npm --version; npx --version; echo v$NODE_VERSION; node --version; pwd'`;
		const [user, npm, npx, said, version, directory] = (await run(image, line, '-u node')).split(
			'\n',
		);
		expect([user, directory]).toEqual(['node', '/']);
		expect(npm).toMatch(/^\d+\.\d+/);
		expect(npx).toBe(npm);
		expect(said).toBe(version);
		expect(await run(image, 'id -u node')).toBe('1000');
	});

	test('a server ends at docker stop when it listens to signals', async () => {
		const server =
			'process.on("SIGTERM", () => process.exit(3)); console.log("up"); setInterval(() => {}, 1e6)';
		await sh(sandbox, `docker run -d --name server ${image} node -e '${server}'`);
		await sh(sandbox, 'until docker logs server | grep up; do sleep 0.1; done');
		await sh(sandbox, 'docker stop server');
		expect(await sh(sandbox, "docker inspect -f '{{.State.ExitCode}}' server")).toBe('3');
		await sh(sandbox, 'docker rm -f server');
	});

	test('npm ci by a lock file that names the public registry, in a build of several stages', async () => {
		const make = `mkdir -p app && cd app && docker run --rm -v "$PWD":/app -w /app ${image} sh -c 'npm init -y && npm install ms@2.1.3' && cat package-lock.json`;
		const lock = await sh(sandbox, make);
		expect(lock).toContain('"resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz"');
		const dockerfile = `FROM ${image} AS build\\nWORKDIR /app\\nCOPY package*.json ./\\nRUN npm ci\\nFROM ${image}\\nCOPY --from=build /app /app\\nWORKDIR /app\\nCOPY say.js .\\nCMD ["say.js"]\\n`;
		const files = `rm -rf node_modules && printf '${dockerfile}' > Dockerfile && echo 'console.log(require("ms")(60000))' > say.js`;
		const build = `cd app && ${files} && docker build -q -t app . > /dev/null && docker run --rm app`;
		expect(await sh(sandbox, build, 150_000)).toBe('1m');
	});
});

describe.runIf(SOAK)('nginx', () => {
	const get = (path: string) =>
		sh(sandbox, `curl -sS --retry 20 --retry-delay 1 --retry-all-errors localhost:8082${path}`);
	test('pages, configuration and templates are where they always are', async () => {
		const files =
			'mkdir -p site templates && echo mine > site/index.html && echo \'server { listen 81; location / { return 200 "$host ${GREETING}"; } }\' > templates/more.conf.template';
		await sh(sandbox, files);
		await sh(
			sandbox,
			'docker run -d --name nginx -p 8082:80 -p 8083:81 -e GREETING=hello -v "$PWD"/site:/usr/share/nginx/html:ro -v "$PWD"/templates:/etc/nginx/templates:ro nginx',
		);
		expect(await get('/')).toBe('mine');
		expect(await sh(sandbox, 'curl -sS localhost:8083')).toBe('localhost hello');
		expect(await sh(sandbox, 'docker logs nginx 2> /dev/null')).toContain('"GET / HTTP/1.1" 200');
		expect(await sh(sandbox, 'docker exec nginx nginx -t 2>&1')).toContain('test is successful');
		await sh(sandbox, 'docker stop nginx');
		expect(await sh(sandbox, "docker inspect -f '{{.State.ExitCode}}' nginx")).toBe('0');
		await sh(sandbox, 'docker rm nginx');
	});

	test('it says which port it has, and greets', async () => {
		expect(await sh(sandbox, "docker inspect -f '{{.Config.ExposedPorts}}' nginx")).toContain(
			'80/tcp',
		);
		await sh(sandbox, 'docker run -d --name nginx -p 8082:80 nginx');
		expect(await get('/')).toContain('Welcome to nginx!');
		await sh(sandbox, 'docker rm -f nginx');
	});
});

describe.runIf(SOAK)('redis', () => {
	test('other containers use it by its name, and a volume keeps what they set', async () => {
		const start =
			'docker run -d --name redis --network data -v kept:/data redis redis-server --appendonly yes';
		await sh(sandbox, `docker network create data && ${start}`);
		const ask = (words: string) =>
			sh(sandbox, `docker run --rm --network data redis redis-cli -h redis ${words}`);
		await sh(sandbox, 'for _ in {1..100}; do docker exec redis redis-cli ping && break; done');
		expect(await ask('set answer 42')).toBe('OK');
		expect(await sh(sandbox, "docker exec redis sh -c 'stat -c %U /proc/1 && pwd'")).toBe(
			'redis\n/data',
		);
		await sh(sandbox, `docker rm -f redis && ${start}`);
		await sh(sandbox, 'for _ in {1..100}; do docker exec redis redis-cli ping && break; done');
		expect(await ask('get answer')).toBe('42');
		await sh(sandbox, 'docker rm -f redis');
	});
});

describe.runIf(SOAK)('postgres:17', () => {
	const up = (options: string) =>
		`docker run -d --name db --network pg -v pgdata:/var/lib/postgresql/data ${options} postgres:17`;
	const answering =
		'for _ in {1..300}; do docker run --rm --network pg postgres:17 pg_isready -q -h db && break; sleep 0.2; done';
	const ask = (sql: string) =>
		sh(
			sandbox,
			`docker run --rm --network pg -e PGPASSWORD=secret postgres:17 psql -h db -U ada -d shop -tAc "${sql}"`,
		);

	test('without a password it says how to give one', async () => {
		expect(await run('postgres:17')).toContain('-e POSTGRES_PASSWORD=');
	});

	test('its first start makes user, database and what scripts say; a volume keeps it', async () => {
		await sh(
			sandbox,
			"docker network create pg; mkdir -p init && echo 'create table t (n int); insert into t values (42);' > init/1.sql",
		);
		const settings =
			'-e POSTGRES_PASSWORD=secret -e POSTGRES_USER=ada -e POSTGRES_DB=shop -v "$PWD"/init:/docker-entrypoint-initdb.d:ro';
		await sh(sandbox, `${up(settings)} && ${answering}`, 120_000);
		expect(await ask('select n from t')).toBe('42');
		expect(await ask('show server_version')).toMatch(/^17\./);
		expect(await sh(sandbox, 'docker exec db stat -c %U /proc/1')).toBe('postgres');
		await ask('update t set n = 7');
		await sh(sandbox, 'docker stop db');
		expect(await sh(sandbox, "docker inspect -f '{{.State.ExitCode}}' db")).toBe('0');
		await sh(sandbox, `docker rm db && ${up('')} && ${answering}`, 120_000);
		expect(await ask('select n from t')).toBe('7');
		expect(await sh(sandbox, "docker inspect -f '{{.Config.ExposedPorts}}' db")).toContain('5432');
		await sh(sandbox, 'docker rm -f db');
	});

	test('a wrong password is refused', async () => {
		await sh(sandbox, `${up('')} && ${answering}`, 120_000);
		const wrong =
			'docker run --rm --network pg -e PGPASSWORD=wrong postgres:17 psql -h db -U ada -d shop -c "" 2>&1; true';
		expect(await sh(sandbox, wrong)).toContain('password authentication failed');
		await sh(sandbox, 'docker rm -f db');
	});
});

describe.runIf(SOAK)('golang:1.24', () => {
	test('a static program, built in one stage and run alone in another', async () => {
		const program = 'package main\\nimport "fmt"\\nfunc main() { fmt.Println("alone") }\\n';
		const dockerfile =
			'FROM golang:1.24 AS build\\nWORKDIR /src\\nCOPY . .\\nRUN go mod init alone && CGO_ENABLED=0 go build -o /alone .\\nFROM scratch\\nCOPY --from=build /alone /alone\\nENTRYPOINT ["/alone"]\\n';
		const make = `mkdir -p go && cd go && printf '${program}' > main.go && printf '${dockerfile}' > Dockerfile`;
		await sh(sandbox, make);
		expect(
			await sh(
				sandbox,
				'cd go && docker build -q -t alone . > /dev/null && docker run --rm alone',
				150_000,
			),
		).toBe('alone');
	});

	test('it is where the official image has it', async () => {
		expect(await run('golang:1.24', "sh -c 'command -v go; go env GOPATH GOROOT; pwd'")).toBe(
			'/usr/local/go/bin/go\n/go\n/usr/local/go\n/go',
		);
	});
});
