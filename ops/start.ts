// `npm start`: sets a machine up, starts the services, and keeps them running until it is told to stop.

import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, migrateToLatest } from '@containrlab/db/connect.ts';
import { readConfig } from './config.ts';
import { checkEngine, findEngine, type FoundEngine } from './engine.ts';
import { prepareImages } from './images.ts';
import { announcement } from './lan/announce.ts';
import { openLan, originOf } from './lan/lan.ts';
import { tryMirror } from './mirror/mirror.ts';
import { findUpstreams } from './mirror/upstreams.ts';
import { appServices, postgresService, type Installation } from './services.ts';
import { openDataDir, ROOT, shortHash, type DataDir } from './setup/data-dir.ts';
import { ensureDemoClass, INSTRUCTOR, readLabs, TA } from './setup/demo-class.ts';
import { choosePorts } from './setup/ports.ts';
import { openSecrets } from './setup/secrets.ts';
import { buildWeb } from './setup/web-build.ts';
import type { StackMessage } from './stack.ts';
import { checkSandbox } from './probe.ts';
import { tellRunning } from './running.ts';
import { consoleSteps, Refusal, type StepLog, type Steps } from './steps.ts';
import { stopSandboxes } from './supervise/sandboxes.ts';
import { endLeftovers, rememberedPid, rememberPid } from './supervise/identity.ts';
import { openLog } from './supervise/log-file.ts';
import { Service } from './supervise/service.ts';

/** Of a cold machine under load; recovery of a large database comes first. */
const READY_MS = 120_000;

const services: Service[] = [];
let engine: FoundEngine | undefined;
let instance = '';
let stopping: Promise<void> | undefined;

const tell = (message: StackMessage) => process.connected && process.send?.(message);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	process.on(signal, () => void stop());
}
// A terminal that was closed must not end us halfway.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
// Whoever started us, with a channel, is gone.
process.on('disconnect', () => void stop());

try {
	await start();
} catch (error) {
	// Stopped while setting up: what fails then is of no interest.
	if (!stopping) {
		const message = (error as Error).message;
		console.error(error instanceof Refusal ? `\n${message}\n` : error);
		tell({ kind: 'failed', message });
		process.exitCode = 1;
	}
	await stop();
}

async function start(): Promise<void> {
	const begun = performance.now();
	const config = readConfig(process.env, process.argv.slice(2));
	const data = await openDataDir(config.data);
	const steps = consoleSteps(openLog(data.in('log/start.log')));
	steps.say(`ContainrLab · data in ${data.path}`);
	if (data.note) steps.say(`  ! ${data.note}`);
	await takeOver(data, steps);

	instance = config.instance ?? `c-${shortHash(data.path)}`;
	const ports = await choosePorts(config.port, data.in('ports.json'), config.lan !== undefined);
	const lan = config.lan && (await openLan(config.lan, data.in('secrets/tls.pem')));
	const secrets = await openSecrets(data.in('secrets'));
	const logs = logFor(data);

	const { labs, images } = await steps.step('labs', (step) => labsAndImages(step));
	const found = await steps.step('Docker engine', async (step) => {
		const answering = await findEngine(config.dockerHost, data.in('log'), step);
		step.note(`${answering.version} at ${answering.address}`);
		return answering;
	});
	await steps.step('engine self-check', (step) => checkEngine(found, step));
	engine = found;
	const { docker, address } = found;
	const upstreams = findUpstreams(process.env);
	// Nothing of the one needs the other.
	const [prepared, databaseUrl] = await Promise.all([
		steps.step('images', async (step) => {
			const made = await prepareImages(docker, images, step);
			if (made.standIns.length > 0) step.note(`stand-ins: ${made.standIns.length}`);
			return made;
		}),
		config.databaseUrl ??
			steps.step('PostgreSQL', () => startDatabase(data, ports.postgres, secrets, logs)),
		config.dev
			? undefined
			: steps.step('web pages', async (step) => {
					if (!(await buildWeb())) step.note('unchanged');
				}),
	]);
	const mirrorVolume = await steps.step('mirror', async (step) =>
		tryMirror(docker, { image: prepared.mirror, instance, upstreams: await upstreams }, step),
	);
	await steps.step('a sandbox', (step) =>
		checkSandbox({ address, instance, directory: data.in('runnerd') }, prepared, step),
	);
	await steps.step('migrations', () => migrateToLatest(databaseUrl));
	const demo = await steps.step('demo class', async () => {
		await using connection = connect(databaseUrl, { max: 1 });
		return ensureDemoClass(connection, labs, {
			instructor: secrets.instructorPassword.value,
			ta: secrets.taPassword.value,
		});
	});
	const installation: Installation = {
		data,
		ports,
		secrets,
		instance,
		databaseUrl,
		dockerHost: address,
		sandboxImage: prepared.sandbox,
		imagesVolume: prepared.volume,
		mirrorVolume,
		lan,
		dev: config.dev,
	};
	const apps = appServices(installation, logs);
	await steps.step('services', () => startAll(apps, data));
	if (stopping) return;
	await tellRunning(data, {
		databaseUrl,
		runnerdUrl: `http://127.0.0.1:${ports.runnerd}`,
		runnerdToken: secrets.runnerdToken,
		address: lan ? originOf(lan, ports.web) : null,
	});

	steps.say(`  ready in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
	const local = originOf({ host: 'localhost', secure: lan?.secure ?? false }, ports.web);
	// The passwords are for the screen, not for the log file.
	console.log(
		announcement({
			...{ origin: local, port: ports.web, lan, class: demo },
			accounts: [
				{ role: 'Instructor', email: INSTRUCTOR, password: secrets.instructorPassword.value },
				{ role: 'Teaching assistant', email: TA, password: secrets.taPassword.value },
			],
			terminal: process.stdout.isTTY,
		}),
	);
	tell({
		kind: 'up',
		origin: lan ? originOf(lan, ports.web) : local,
		ports,
		instance,
		dataDir: data.path,
		joinCode: demo.joinCode,
		instructor: { email: INSTRUCTOR, password: secrets.instructorPassword.value },
		ta: { email: TA, password: secrets.taPassword.value },
	});
}

/** One supervisor per data directory; what an earlier one left running is ended first. */
async function takeOver(data: DataDir, steps: Steps): Promise<void> {
	const run = data.in('run');
	const other = rememberedPid(run, 'supervisor');
	if (other !== undefined && other !== process.pid) {
		throw new Refusal(
			`ContainrLab runs already on ${data.path} (pid ${other}). Stop it first (kill ${other}), ` +
				'or choose another directory with CONTAINRLAB_DATA.',
		);
	}
	rememberPid(run, 'supervisor', process.pid);
	process.on('exit', () => rmSync(join(run, 'supervisor.pid'), { force: true }));
	const ended = await endLeftovers(run, 'supervisor');
	if (ended.length > 0) steps.say(`  ! ended what an earlier run left: ${ended.join(', ')}`);
}

async function labsAndImages(step: StepLog) {
	const { labs, problems } = await readLabs(join(ROOT, 'labs'));
	for (const problem of problems) step.note(problem);
	if (labs.length === 0) throw new Refusal('There is no usable lab in labs/.');
	step.note(labs.map((lab) => lab.slug).join(', '));
	return { labs, images: labs.flatMap((lab) => lab.front.images) };
}

async function startDatabase(
	data: DataDir,
	port: number,
	secrets: Awaited<ReturnType<typeof openSecrets>>,
	logs: ReturnType<typeof logFor>,
): Promise<string> {
	const postgres = postgresService(data, port, secrets, logs);
	await startAll([postgres], data);
	const password = (await readFile(secrets.postgresPassword, 'utf8')).trim();
	return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/containrlab`;
}

async function startAll(wanted: Service[], data: DataDir): Promise<void> {
	for (const service of wanted) {
		services.push(service);
		service.on('state', () => {
			if (service.pid) rememberPid(data.in('run'), service.spec.name, service.pid);
			tell({ kind: 'states', states: states() });
		});
		service.start();
	}
	await Promise.all(wanted.map((service) => service.ready(READY_MS)));
}

/** The postmaster is known by what its guard says; the others are their own processes. */
function states(): Extract<StackMessage, { kind: 'states' }>['states'] {
	return services.map(({ spec, state }) => {
		const pid = 'pid' in state ? state.pid : undefined;
		const said = state.status === 'ready' ? / pid (\d+)/.exec(state.ready)?.[1] : undefined;
		return { name: spec.name, status: state.status, pid: said ? Number(said) : pid };
	});
}

/** To the service's file, and to the console with its name. */
function logFor(data: DataDir) {
	// What PostgreSQL says of its daily round is for its file alone.
	const routine = /^\d{4}-\d\d-\d\d .* (LOG|DETAIL|HINT): /;
	return (name: string) => {
		const file = openLog(data.in(`log/${name}.log`));
		return (line: string) => {
			file(`${new Date().toISOString()} ${line}`);
			if (!routine.test(line)) console.log(`${name.padEnd(8)} │ ${line}`);
		};
	};
}

/**
 * What needs another first: runnerd still brings home what the sandboxes hold, which takes sync.
 * Data, volumes and images stay.
 */
async function stop(): Promise<void> {
	const end = (...names: string[]) => {
		const ending = services.filter(({ spec }) => names.includes(spec.name));
		return Promise.all(ending.map((service) => service.stop()));
	};
	stopping ??= (async () => {
		await end('web', 'runnerd');
		await end('sync');
		if (engine) await stopSandboxes(engine.docker, instance).catch(() => {});
		await end('postgres');
		process.exit(process.exitCode ?? 0);
	})();
	return stopping;
}
