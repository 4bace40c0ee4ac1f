// A Docker engine: the one that answers, or Debian's, installed and started.

import { spawn } from 'node:child_process';
import { access, constants, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { readEnginePlace } from '@containrlab/runnerd/engine/address.ts';
import { reachEngine } from '@containrlab/runnerd/engine/tunnel.ts';
import { connectDocker } from '@containrlab/runnerd/engine/engine.ts';
import { silentLog } from '@containrlab/runnerd/log.ts';
import {
	engineFacts,
	selfCheck,
	type Finding,
	type MachineFacts,
} from '@containrlab/runnerd/isolation/engine-check.ts';
import { installPackages } from './images/debian.ts';
import { asRoot, available, canBeRoot, output } from './shell.ts';
import { Refusal, type StepLog } from './steps.ts';

export interface FoundEngine {
	docker: Docker;
	/** As DOCKER_HOST says it. */
	address: string;
	version: string;
}

const SYSTEM_SOCKET = '/var/run/docker.sock';

type Answer =
	| { kind: 'engine'; engine: FoundEngine }
	| { kind: 'nothing' }
	| { kind: 'not-allowed'; socket: string };

/** `chosen`: DOCKER_HOST. `logDir`: for the log of an engine that we start ourselves. */
export async function findEngine(
	chosen: string | undefined,
	logDir: string,
	step: StepLog,
): Promise<FoundEngine> {
	if (chosen) {
		const answer = await ask(chosen);
		if (answer.kind === 'engine') return answer.engine;
		throw answer.kind === 'not-allowed'
			? notAllowed(answer.socket)
			: new Refusal(
					`No Docker engine answers on DOCKER_HOST=${chosen}. Start that one, or unset DOCKER_HOST ` +
						'to use the engine of this machine.',
				);
	}
	const usual = `unix://${SYSTEM_SOCKET}`;
	const first = await ask(usual);
	if (first.kind === 'engine') return first.engine;
	if (first.kind === 'not-allowed') throw notAllowed(first.socket);
	await installEngine(step);
	await startEngine(logDir, step);
	for (let waited = 0; waited < 30_000; waited += 200) {
		const answer = await ask(usual);
		if (answer.kind === 'engine') return answer.engine;
		if (answer.kind === 'not-allowed') throw notAllowed(answer.socket);
		await delay(200);
	}
	throw new Refusal(
		`Docker was started but doesn't answer. Its log: ${join(logDir, 'dockerd.log')}, or: journalctl -u docker`,
	);
}

async function ask(address: string): Promise<Answer> {
	const socket = address.startsWith('unix://') ? address.slice('unix://'.length) : undefined;
	if (socket) {
		if (!(await stat(socket).catch(() => undefined))) return { kind: 'nothing' };
		const allowed = await access(socket, constants.R_OK | constants.W_OK).then(
			() => true,
			() => false,
		);
		if (!allowed) return { kind: 'not-allowed', socket };
	}
	try {
		const docker = await connectTo(address);
		const version = await Promise.race([docker.version(), delay(5_000)]);
		if (!version) return { kind: 'nothing' };
		return { kind: 'engine', engine: { docker, address, version: version.Version } };
	} catch {
		return { kind: 'nothing' };
	}
}

/** A tunnel to another machine lives as long as this process. */
async function connectTo(address: string): Promise<Docker> {
	const place = await readEnginePlace({ ...process.env, DOCKER_HOST: address });
	return connectDocker((await reachEngine(place, silentLog)).address);
}

function notAllowed(socket: string): Refusal {
	return new Refusal(
		`A Docker engine is there, but you may not use it (${socket}). Once: sudo usermod -aG docker $USER, ` +
			'then sign out and in again.',
	);
}

async function installEngine(step: StepLog): Promise<void> {
	if (await available('dockerd')) return;
	const debian = await available('apt-get');
	if (!debian || !(await canBeRoot())) {
		throw new Refusal(
			'No Docker engine answers, and none can be installed from here' +
				`${debian ? ' without root' : ': this is not a Debian-like system'}. ` +
				(debian
					? 'Either: sudo apt-get install docker.io && sudo usermod -aG docker $USER, and sign in again. '
					: 'Install one (https://docs.docker.com/engine/install/). ') +
				'Or name one: DOCKER_HOST=unix:///path/to/docker.sock npm start',
		);
	}
	step.begin('installing docker.io');
	// Its own recommendations are what an engine on a server has: iptables, the CA bundle, git aside.
	await installPackages(['docker.io', 'iptables', 'ca-certificates'], ['dockerd'], step.log);
}

async function startEngine(logDir: string, step: StepLog): Promise<void> {
	if (!(await canBeRoot())) {
		throw new Refusal('Docker is installed but not running. Start it: sudo systemctl start docker');
	}
	const systemd = await stat('/run/systemd/system').catch(() => undefined);
	if (systemd) {
		step.begin('starting docker.service');
		await output(await asRoot(['systemctl', 'enable', '--now', 'docker']), { timeoutMs: 90_000 });
		return;
	}
	step.begin('starting dockerd');
	const log = await open(join(logDir, 'dockerd.log'), 'a', 0o600);
	// Whoever starts it may use it; it outlives us, as an engine's containers do.
	const group = String(process.getgid?.() ?? 0);
	const [program = '', ...args] = await asRoot(['dockerd', '--group', group]);
	const child = spawn(program, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
	child.unref();
	await log.close();
}

/** Refuses an engine on which sandboxes would not be safe; what is only worth knowing is noted. */
export async function checkEngine(found: FoundEngine, step: StepLog): Promise<void> {
	const { docker, address } = found;
	const machine = address.startsWith('unix://') ? await machineFacts() : undefined;
	const findings = selfCheck(engineFacts(await docker.info(), machine));
	refuse(findings);
	for (const { what, mend } of findings) step.log(`note: ${what} ${mend}`);
	if (findings.length > 0) step.note(findings.map(({ what }) => what).join(' '));
}

/** What is to be mended, in one refusal. */
export function refuse(findings: readonly Finding[]): void {
	const refusals = findings.filter((finding) => finding.kind === 'refusal');
	if (refusals.length === 0) return;
	const words = refusals.map(({ what, mend }) => `  ${what}\n    → ${mend}`);
	throw new Refusal(`Sandboxes can’t run safely on this Docker engine:\n${words.join('\n')}`);
}

async function machineFacts(): Promise<MachineFacts> {
	const text = (path: string) => readFile(path, 'utf8').catch(() => '');
	const number = async (path: string) => {
		const value = (await text(path)).trim();
		return value === '' ? undefined : Number(value);
	};
	const lines = async (path: string) =>
		(await text(path)).split('\n').flatMap((line) => {
			const fields = line.split(':');
			return fields.length >= 3 ? [fields] : [];
		});
	return {
		maxUserNamespaces: await number('/proc/sys/user/max_user_namespaces'),
		unprivilegedUserns: await number('/proc/sys/kernel/unprivileged_userns_clone'),
		apparmorRestrictsUserns: await number('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
		accounts: (await lines('/etc/passwd')).map(([name = '', , uid]) => ({
			name,
			uid: Number(uid),
		})),
		subordinate: (await lines('/etc/subuid')).map(([name = '', first, count]) => ({
			name,
			first: Number(first),
			count: Number(count),
		})),
	};
}
