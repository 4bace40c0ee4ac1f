// The guard of an embedded Postgres: starts it, says so, and stops it when told to or left alone.
//
// Environment: POSTGRES_DIR, POSTGRES_PASSWORD_FILE, POSTGRES_PORT (a free one), POSTGRES_DURABLE
// (1), POSTGRES_TEMPORARY (0; 1 removes the directory in the end), EXIT_WITH_PARENT.

import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { connect } from './connect.ts';
import { startPostgres } from './embedded.ts';

const { env } = process;
const dir = required('POSTGRES_DIR');
const port = env['POSTGRES_PORT'];

const server = await startPostgres({
	dir,
	password: (await readFile(required('POSTGRES_PASSWORD_FILE'), 'utf8')).trim(),
	port: port ? Number(port) : undefined,
	durable: env['POSTGRES_DURABLE'] !== '0',
	log: (line) => console.error(line),
});
if (server.note) console.error(server.note);
await ensureDatabase();
console.log(`ready 127.0.0.1:${server.port} pid ${server.pid}`);

const left = await Promise.race([
	server.ended.then(() => 'ended' as const),
	once(process, 'SIGTERM').then(() => 'told' as const),
	once(process, 'SIGINT').then(() => 'told' as const),
	env['EXIT_WITH_PARENT'] === '1' ? parentGone() : new Promise<never>(() => {}),
]);
if (left !== 'ended') await server.stop();
if (env['POSTGRES_TEMPORARY'] === '1') {
	for (const path of [dir, server.dir]) await rm(path, { recursive: true, force: true });
}
// It ended by itself, or was killed: whoever supervises us starts both again.
process.exit(left === 'ended' ? 1 : 0);

function required(name: string): string {
	const value = env[name];
	if (!value) throw new Error(`${name} is not set`);
	return value;
}

async function parentGone(): Promise<'told'> {
	process.stdin.resume();
	await once(process.stdin, 'close');
	return 'told';
}

async function ensureDatabase(): Promise<void> {
	await using connection = connect(server.url('postgres'), { max: 1 });
	const found = await connection.sql`select 1 from pg_database where datname = 'containrlab'`;
	if (found.length === 0) await connection.sql`create database containrlab`;
}
