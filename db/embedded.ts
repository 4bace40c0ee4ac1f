// The embedded PostgreSQL of the default set-up: real PostgreSQL binaries from npm, on loopback only.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { placePostgres, type Place } from './embedded-place.ts';

export interface EmbeddedOptions {
	/** Holds the cluster; made if missing. Root may have to move it: see `note`. */
	dir: string;
	/** Of the superuser `postgres`, set when the cluster is made (scram-sha-256). */
	password: string;
	/** Undefined: a free one. */
	port?: number | undefined;
	/** false only for tests: a crash of the machine may lose data, a crash of Postgres may not. */
	durable?: boolean;
	log?: (line: string) => void;
}

export interface EmbeddedPostgres extends AsyncDisposable {
	port: number;
	/** Of the postmaster. */
	pid: number;
	/** Where its files are, and in words why, when that isn't where they were wanted. */
	dir: string;
	note: string | undefined;
	/** Resolves when the server ended, for whatever reason. */
	ended: Promise<void>;
	url(database?: string): string;
	/** Fast shutdown: ends sessions, loses nothing. */
	stop(): Promise<void>;
}

/** Recovery after a crash replays the log first. */
const READY_MS = 120_000;

/** Makes the cluster when there is none, ends a postmaster left over from an earlier life, starts. */
export async function startPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
	const place = await placePostgres(options.dir);
	const data = join(place.dir, 'data');
	if (await stat(join(data, 'PG_VERSION')).catch(() => undefined)) await endOrphan(data);
	else await initialise(place, data, options.password);
	for (let attempt = 1; ; attempt += 1) {
		const port = options.port ?? (await freePort());
		const started = await launch(place, data, port, options);
		if (started.ok) {
			return describe(started.process, port, options.password, place);
		}
		// Backends of a postmaster that was killed hold its shared memory until they notice.
		const passing = /shared memory block .* still in use|could not bind/.test(started.output);
		if (attempt === 40 || !passing) {
			throw new Error(`PostgreSQL did not start on port ${port}:\n${started.output}`);
		}
		await delay(250);
	}
}

function describe(
	process: ChildProcess,
	port: number,
	password: string,
	{ dir, note }: Place,
): EmbeddedPostgres {
	const ended = exited(process);
	const stop = async () => {
		process.kill('SIGINT');
		await endedOr(ended, 10_000, () => process.kill('SIGQUIT'));
		await endedOr(ended, 3_000, () => process.kill('SIGKILL'));
		await ended;
	};
	return {
		port,
		pid: process.pid ?? 0,
		dir,
		note,
		ended,
		url: (database = 'containrlab') =>
			`postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
		stop,
		[Symbol.asyncDispose]: stop,
	};
}

async function exited(process: ChildProcess): Promise<void> {
	if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
}

async function endedOr(ended: Promise<void>, ms: number, otherwise: () => void): Promise<void> {
	const timer = setTimeout(otherwise, ms);
	await ended.finally(() => clearTimeout(timer));
}

/** In a directory beside it, renamed when complete: a crash half-way leaves no half cluster. */
async function initialise(place: Place, data: string, password: string): Promise<void> {
	const fresh = `${data}.new`;
	const passwordFile = join(place.dir, 'initial-password');
	await rm(fresh, { recursive: true, force: true });
	await mkdir(fresh, { mode: 0o700 });
	await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
	if (place.runAs) {
		await chown(fresh, place.runAs.uid, place.runAs.gid);
		await chown(passwordFile, place.runAs.uid, place.runAs.gid);
	}
	const initdb = spawnAs(place, 'initdb', [
		`--pgdata=${fresh}`,
		'--username=postgres',
		`--pwfile=${passwordFile}`,
		'--auth=scram-sha-256',
		'--encoding=UTF8',
		'--locale=C',
		// Sorting and case by Unicode, the same on every machine whatever locales it has.
		'--locale-provider=builtin',
		'--builtin-locale=C.UTF-8',
		'--no-instructions',
	]);
	const output = collect(initdb);
	await exited(initdb);
	await unlink(passwordFile);
	if (initdb.exitCode !== 0) throw new Error(`initdb failed:\n${output.text()}`);
	await rename(fresh, data);
}

type Launch = { ok: true; process: ChildProcess } | { ok: false; output: string };

async function launch(
	place: Place,
	data: string,
	port: number,
	{ durable = true, log = () => {} }: EmbeddedOptions,
): Promise<Launch> {
	const settings = {
		listen_addresses: '127.0.0.1',
		port,
		unix_socket_directories: '',
		max_connections: 200,
		fsync: durable ? 'on' : 'off',
		log_timezone: 'UTC',
	};
	const server = spawnAs(place, 'postgres', [
		'-D',
		data,
		...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
	]);
	const output = collect(server);
	const ended = exited(server).then((): Launch => ({ ok: false, output: output.text() }));
	const ready = new Promise<Launch>((resolve) => {
		const lines = createInterface({ input: server.stderr! });
		lines.on('line', (line) => {
			log(line);
			if (line.includes('ready to accept connections')) resolve({ ok: true, process: server });
		});
	});
	const timer = setTimeout(() => server.kill('SIGQUIT'), READY_MS);
	const result = await Promise.race([ended, ready]);
	clearTimeout(timer);
	return result;
}

/** In a session of its own, so that Ctrl-C in a terminal reaches us first and it last. */
function spawnAs(place: Place, program: 'postgres' | 'initdb', args: string[]): ChildProcess {
	return spawn(join(place.native, 'bin', program), args, {
		...place.runAs,
		cwd: place.dir,
		detached: true,
		// Messages in English: we read them. Nothing else of our environment is theirs.
		env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
}

/** The last few kilobytes that a process printed. */
function collect(process: ChildProcess): { text(): string } {
	let text = '';
	const add = (chunk: Buffer) => (text = (text + chunk.toString()).slice(-4000));
	process.stdout?.on('data', add);
	process.stderr?.on('data', add);
	return { text: () => text.trim() };
}

/** A port below the range that the kernel hands to outgoing connections, so that it stays ours. */
export async function freePort(): Promise<number> {
	for (let attempt = 0; attempt < 100; attempt += 1) {
		const port = 20_000 + Math.floor(Math.random() * 12_000);
		if (await portIsFree(port)) return port;
	}
	throw new Error('No free port on 127.0.0.1 was found.');
}

/** On loopback, or on every interface. */
export async function portIsFree(port: number, everywhere = false): Promise<boolean> {
	const server = createServer();
	try {
		server.listen({ port, ...(!everywhere && { host: '127.0.0.1' }) });
		await once(server, 'listening');
		return (server.address() as AddressInfo).port === port;
	} catch {
		return false;
	} finally {
		server.close();
	}
}

/**
 * A postmaster whose guard was killed goes on alone. It is ours if the pid in its lock file is a
 * process whose command line names this very data directory; anything else is left alone.
 */
async function endOrphan(data: string): Promise<void> {
	const pid = await orphanOf(data);
	if (pid === undefined) return;
	for (const [signal, ms] of [
		['SIGINT', 5_000],
		['SIGQUIT', 3_000],
		['SIGKILL', 3_000],
	] as const) {
		try {
			process.kill(pid, signal);
		} catch {
			return;
		}
		for (let waited = 0; waited < ms; waited += 50) {
			if ((await orphanOf(data)) !== pid) return;
			await delay(50);
		}
	}
	throw new Error(`An earlier PostgreSQL (pid ${pid}) on ${data} can't be ended.`);
}

async function orphanOf(data: string): Promise<number | undefined> {
	const lock = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
	const pid = Number(lock.split('\n')[0]);
	if (!Number.isInteger(pid) || pid <= 1) return undefined;
	const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
	const args = command.split('\0');
	return args[0]?.endsWith('/postgres') && args.includes(data) ? pid : undefined;
}
