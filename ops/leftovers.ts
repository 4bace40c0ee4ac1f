// What a run of the tests left behind. Everything that tests make on the engine and every process that
// they start carries the run's name, so that runs beside it, and what people use, aren't blamed.

import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { newId } from '@containrlab/protocol/id.ts';

/** The engine removes in its own time. */
const PATIENCE_MS = 30_000;

/** For the environment of the tests, as TEST_RUN; short, since names are. */
export const newRun = (): string => newId(5);

/** As it stands in a name. */
const inName = (run: string) => `-${run}-`;

/** A line for each; empty when there is nothing, at the latest after `patience`. */
export async function leftovers(
	docker: Docker,
	run: string,
	patience = PATIENCE_MS,
): Promise<string[]> {
	for (const end = performance.now() + patience; ;) {
		const left = [...(await onEngine(docker, run)), ...onMachine(run)];
		if (left.length === 0 || performance.now() > end) return left;
		await delay(250);
	}
}

async function onEngine(docker: Docker, run: string): Promise<string[]> {
	const groups = sandboxGroups();
	const [containers, { Volumes }, networks] = await Promise.all([
		docker.listContainers({ all: true }),
		docker.listVolumes(),
		docker.listNetworks(),
	]);
	const ids = new Set(containers.map(({ Id }) => Id));
	const of = (kind: string, names: string[]) =>
		names.filter((name) => name.includes(inName(run))).map((name) => `${kind} ${name}`);
	return [
		...of(
			'container',
			containers.map(({ Names, Id }) => Names[0]?.replace(/^\//, '') ?? Id),
		),
		...of(
			'volume',
			(Volumes ?? []).map(({ Name }) => Name),
		),
		...of(
			'network',
			networks.map(({ Name }) => Name),
		),
		...groups.filter(([id]) => !ids.has(id)).map(([, path]) => `control group ${path}`),
	];
}

/** By the container that each was made for, whoever's it is: one without a container is nobody's. */
function sandboxGroups(): [id: string, path: string][] {
	const paths = globSync('/sys/fs/cgroup/{.,*}/{containrlab,containrlab.slice}/*');
	return paths.flatMap((path): [string, string][] => {
		const [id] = /[0-9a-f]{64}/.exec(basename(path)) ?? [];
		return id ? [[id, path]] : [];
	});
}

function onMachine(run: string): string[] {
	const devices = globSync('/sys/block/loop*/loop/backing_file').flatMap((path) => {
		const file = read(path).trim();
		return file.includes(inName(run)) ? [`loop device on ${file}`] : [];
	});
	const processes = readdirSync('/proc').flatMap((pid) => {
		if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
		const command = read(`/proc/${pid}/cmdline`);
		const told = command + read(`/proc/${pid}/environ`);
		if (!told.includes(inName(run)) && !told.includes(`TEST_RUN=${run}\0`)) return [];
		return [`process ${pid}: ${command.replaceAll('\0', ' ').slice(0, 200)}`];
	});
	return [...devices, ...processes];
}

/** Empty for what isn't ours to read, or has gone meanwhile. */
function read(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}
