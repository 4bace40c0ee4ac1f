// The product as containers: built, brought up, taught with, inspected, and taken down to the last volume.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '@containrlab/db/embedded.ts';
import { TEST_RUN } from '@containrlab/runnerd/sandboxes/testing.ts';
import { unframe } from '../images/container.ts';
import { INSTRUCTOR } from '../setup/demo-class.ts';
import { ROOT } from '../setup/data-dir.ts';
import { joinClass, openLab, openWorkspaceOf, signIn } from './classroom.ts';
import { FIRST_DOCKERFILE } from './lesson.ts';
import { launchBrowser, newPerson, type Person } from './people.ts';
import { keepScreensOfFailures } from './room.ts';
import { WorkspacePage } from './workspace-page.ts';

/** A build from nothing on a small machine. */
const UP_MS = 900_000;
const SERVICES = ['postgres', 'runnerd', 'sync', 'web'];

const docker = new Docker();
const name = `e2e-${TEST_RUN}compose-${process.pid}`;
const ofProject = { label: [`com.docker.compose.project=${name}`] };
let secrets: string;
let env: NodeJS.ProcessEnv;

/** `npm run compose -- …`; what it printed on standard output. */
async function compose(...args: string[]): Promise<string> {
	const child = spawn(process.execPath, [join(ROOT, 'ops', 'compose.ts'), ...args], {
		env,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const ended = once(child, 'exit');
	const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
	const [status] = (await ended) as [number];
	expect(status, `${stdout}\n${stderr}`).toBe(0);
	return stdout;
}

const containers = async () => {
	const listed = await docker.listContainers({ all: true, filters: ofProject });
	return Promise.all(listed.map(({ Id }) => docker.getContainer(Id).inspect()));
};
type Inspected = Docker.ContainerInspectInfo;
const serviceOf = ({ Config }: Inspected) => Config.Labels['com.docker.compose.service']!;

describe('the product as containers', () => {
	let origin: string;
	let said: string;
	let browser: Browser;
	let teacher: Person;
	let student: Person;

	beforeAll(async () => {
		secrets = await mkdtemp(join(tmpdir(), 'containrlab-compose-'));
		const port = await freePort();
		origin = `http://localhost:${port}`;
		env = {
			...process.env,
			COMPOSE_PROJECT_NAME: name,
			CONTAINRLAB_PORT: String(port),
			CONTAINRLAB_PREVIEW_PORT: String(await freePort()),
			CONTAINRLAB_TAG: name,
			CONTAINRLAB_SECRETS: secrets,
			POOL_SIZE: '0',
		};
		said = await compose('up');
		browser = await launchBrowser();
		teacher = await newPerson(browser);
		student = await newPerson(browser);
	}, UP_MS);
	keepScreensOfFailures(() => [teacher, student]);
	afterAll(async () => {
		await browser?.close();
		await compose('down', '--volumes');
		for (const image of ['app', 'postgres']) {
			await docker.getImage(`containrlab/${image}:${name}`).remove({ force: true });
		}
		await rm(secrets, { recursive: true });
		// Whatever it left would be found by its name: of the project or of its sandboxes.
		const left = [
			...(await docker.listContainers({ all: true })).flatMap(({ Names }) => Names),
			...(await docker.listNetworks()).map(({ Name }) => Name),
			...(await docker.listVolumes()).Volumes.map(({ Name }) => Name),
		];
		expect(left.filter((entry) => entry.includes(name))).toEqual([]);
	});

	it('is taught with: sign in, join, type, build and run', async () => {
		const password = (await readFile(join(secrets, 'instructor-password'), 'utf8')).trim();
		expect(said).toContain(password);
		const joinCode = /Class code +(\S+)/.exec(said)![1]!;
		await signIn(teacher.page, origin, { name: 'Instructor', email: INSTRUCTOR, password });

		await joinClass(student.page, origin, joinCode, 'Grace');
		await openLab(student.page, 'First Dockerfile');
		const view = new WorkspacePage(student.page);
		await view.waitForEditor();
		await view.waitForPrompt();
		await view.openFile('Dockerfile');
		await view.replaceText(FIRST_DOCKERFILE);
		await view.expectStatus('Saved');
		await view.run('clear; until grep -q app.py Dockerfile; do sleep 0.1; done; cat Dockerfile');
		await view.expectTerminal('CMD ["python", "app.py"]');
		await view.run(
			'clear; docker build -q -t app . && docker run -d -p 8080:8080 app && curl -s --retry 30 --retry-delay 1 --retry-all-errors localhost:8080/health; echo "exit=$?"',
		);
		await view.expectTerminal(/exit=0/, 120_000);

		await openWorkspaceOf(teacher.page, origin, 'Docker 101', 'Grace');
		const watching = new WorkspacePage(teacher.page);
		await watching.openFile('Dockerfile');
		await watching.expectText(FIRST_DOCKERFILE);
		await watching.expectTerminal('exit=0');
		expect([...teacher.consoleErrors, ...student.consoleErrors]).toEqual([]);
	});

	it('gives the engine’s socket to runnerd alone, and publishes web alone, on loopback', async () => {
		const all = (await containers()).filter(({ State }) => State.Running);
		expect(all.map(serviceOf).sort()).toEqual(SERVICES);
		const withSocket = all.filter(({ Mounts, HostConfig }) =>
			[...Mounts.map(({ Source }) => Source), ...(HostConfig.Binds ?? [])].some((mounted) =>
				mounted.includes('docker.sock'),
			),
		);
		expect(withSocket.map(serviceOf)).toEqual(['runnerd']);
		const published = all.flatMap((container) =>
			Object.values(container.HostConfig.PortBindings as Record<string, { HostIp: string }[]>)
				.flat()
				.map(({ HostIp }) => `${serviceOf(container)} ${HostIp}`),
		);
		// Its pages, and the previews that have no address of their own.
		expect(published).toEqual(['web 127.0.0.1', 'web 127.0.0.1']);
	});

	it('runs every service unprivileged, on a read-only root, with bounded logs', async () => {
		for (const { Config, HostConfig } of (await containers()).filter(
			({ State }) => State.Running,
		)) {
			expect(Config.User).toMatch(/^74\d\d:74\d\d$/);
			expect(HostConfig).toMatchObject({
				Privileged: false,
				ReadonlyRootfs: true,
				CapDrop: ['ALL'],
				SecurityOpt: ['no-new-privileges:true'],
				RestartPolicy: { Name: 'unless-stopped' },
				LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
			});
		}
	});

	it('lets nobody but web reach the outside, and runnerd no database', async () => {
		const networks = await docker.listNetworks({ filters: ofProject });
		const open = networks.filter(({ Internal }) => !Internal).map(({ Name }) => Name);
		const on = new Map(
			(await containers()).map((container) => [
				serviceOf(container),
				Object.keys(container.NetworkSettings.Networks),
			]),
		);
		expect([...on].filter(([, names]) => names.some((entry) => open.includes(entry)))).toEqual([
			['web', expect.anything()],
		]);
		const database = on.get('postgres')!;
		expect(on.get('runnerd')!.filter((entry) => database.includes(entry))).toEqual([]);
	});

	it('keeps secrets out of environments, images and logs', async () => {
		const files = ['instructor-password', 'ta-password', 'postgres-password', 'sync-token'];
		files.push('runnerd-token', 'ticket-private.pem');
		const values = await Promise.all(
			files.map(async (file) => {
				const lines = (await readFile(join(secrets, file), 'utf8')).trim().split('\n');
				return lines.find((line) => !line.startsWith('-----'))!;
			}),
		);
		const shown = [];
		for (const container of await containers()) {
			shown.push(JSON.stringify(container));
			const logs = docker.getContainer(container.Id).logs({ stdout: true, stderr: true });
			shown.push(unframe(await logs));
		}
		for (const image of ['app', 'postgres']) {
			const built = docker.getImage(`containrlab/${image}:${name}`);
			shown.push(JSON.stringify([await built.inspect(), await built.history()]));
		}
		for (const value of values) expect(shown.filter((text) => text.includes(value))).toEqual([]);
	});

	it('makes no secret twice', async () => {
		const before = await readFile(join(secrets, 'sync-token'), 'utf8');
		expect(await compose('credentials')).toContain(/Class code .*/.exec(said)![0]);
		expect(await readFile(join(secrets, 'sync-token'), 'utf8')).toBe(before);
	});
});
