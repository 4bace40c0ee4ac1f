// Databases for tests: each fresh and migrated, on one embedded server per run of vitest.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { newId } from '@containrlab/protocol/id.ts';
import { connect, migrateToLatest, type Connection } from './connect.ts';

/** Where a run's tests find its server; set beforehand, it names a server of yours. */
const SERVER = 'TEST_POSTGRES_URL';
const TEMPLATE = 'containrlab_template';

export interface TestDatabase extends AsyncDisposable {
	url: string;
	connection: Connection;
}

/** A fresh database with all tables; gone when disposed. */
export async function testDatabase(): Promise<TestDatabase> {
	const server = process.env[SERVER];
	if (!server) throw new Error(`${SERVER} is not set: run tests with the vitest.config.ts above.`);
	const name = `test_${newId(12)}`;
	await admin(server, `create database ${name} template ${TEMPLATE}`);
	const url = withDatabase(server, name);
	const connection = connect(url);
	return {
		url,
		connection,
		[Symbol.asyncDispose]: async () => {
			await connection[Symbol.asyncDispose]();
			await admin(server, `drop database ${name} with (force)`);
		},
	};
}

/** vitest's globalSetup: runs once per run, in vitest's own process; what it returns ends it. */
export default async function setUp(): Promise<() => Promise<void>> {
	if (process.env[SERVER]) {
		await prepareTemplate(process.env[SERVER]);
		return async () => {};
	}
	const server = await startServer();
	process.env[SERVER] = server.url;
	await prepareTemplate(server.url);
	return server.stop;
}

/** Through the guard, so that a killed run leaves neither a server nor its files. */
async function startServer(): Promise<{ url: string; stop: () => Promise<void> }> {
	const dir = await mkdtemp(join(tmpdir(), 'containrlab-test-'));
	const password = newId();
	const passwordFile = join(dir, 'password');
	await writeFile(passwordFile, password, { mode: 0o600 });
	const guard = spawn(
		process.execPath,
		[fileURLToPath(new URL('./embedded-main.ts', import.meta.url))],
		{
			env: {
				...process.env,
				POSTGRES_DIR: dir,
				POSTGRES_PASSWORD_FILE: passwordFile,
				POSTGRES_DURABLE: '0',
				POSTGRES_TEMPORARY: '1',
				EXIT_WITH_PARENT: '1',
			},
			stdio: ['pipe', 'pipe', 'pipe'],
			detached: true,
		},
	);
	let log = '';
	guard.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
	const failed = once(guard, 'exit').then(() => {
		throw new Error(`The test server did not start:\n${log}`);
	});
	const lines = createInterface({ input: guard.stdout });
	const [ready] = (await Promise.race([once(lines, 'line'), failed])) as [string];
	failed.catch(() => {});
	const address = /^ready (\S+)/.exec(ready)?.[1];
	return {
		url: `postgres://postgres:${password}@${address}/postgres`,
		stop: async () => {
			guard.stdin.end();
			await once(guard, 'exit');
		},
	};
}

/** Copying a template takes a tenth of what migrating takes. */
async function prepareTemplate(server: string): Promise<void> {
	await admin(server, `drop database if exists ${TEMPLATE} with (force)`);
	await admin(server, `create database ${TEMPLATE}`);
	await migrateToLatest(withDatabase(server, TEMPLATE));
}

async function admin(server: string, statement: string): Promise<void> {
	await using connection = connect(server, { max: 1 });
	await connection.sql.unsafe(statement);
}

function withDatabase(server: string, name: string): string {
	const url = new URL(server);
	url.pathname = `/${name}`;
	return url.href;
}
