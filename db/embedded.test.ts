// The embedded Postgres, for real: killed, orphaned, and under directories its user can't pass.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect } from './connect.ts';
import { canPass } from './embedded-place.ts';
import { freePort, portIsFree, startPostgres } from './embedded.ts';
import { testDatabase } from './testing.ts';

let dir: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), 'containrlab-embedded-'));
	await chmod(dir, 0o711);
});
afterEach(async () => {
	await rm(dir, { recursive: true, force: true });
});

const start = (port?: number) =>
	startPostgres({ dir: join(dir, 'postgres'), password: 'a secret', port });

/** Empty once it ended, even while nobody has taken notice of its end. */
const commandOf = (pid: number) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');

async function rows(url: string): Promise<number> {
	await using connection = connect(url, { max: 1 });
	const [row] = await connection.sql`select count(*)::int as n from kept`;
	return row?.['n'] as number;
}

test('what was committed outlives kill -9 of the postmaster, on the same port', async () => {
	const port = await freePort();
	const first = await start(port);
	{
		await using connection = connect(first.url('postgres'), { max: 1 });
		await connection.sql`create table kept as select generate_series(1, 1000)`;
		process.kill(first.pid, 'SIGKILL');
		await first.ended;
	}
	await using second = await start(port);
	expect(await rows(second.url('postgres'))).toBe(1000);
});

test('asks for the password, and keeps the disk in step with its promises', async () => {
	await using server = await start();
	const wrong = server.url('postgres').replace('a%20secret', 'another');
	await expect(rows(wrong)).rejects.toMatchObject({ code: '28P01' });
	await using connection = connect(server.url('postgres'), { max: 1 });
	expect(await connection.sql`show fsync`).toMatchObject([{ fsync: 'on' }]);
	expect(await connection.sql`show listen_addresses`).toMatchObject([
		{ listen_addresses: '127.0.0.1' },
	]);
});

test('a guard ends its server with its parent, and a killed guard’s server is taken over', async () => {
	await writeFile(join(dir, 'password'), 'a secret');
	const guard = async () => {
		const child = spawn(
			process.execPath,
			[fileURLToPath(new URL('./embedded-main.ts', import.meta.url))],
			{
				env: {
					...process.env,
					POSTGRES_DIR: join(dir, 'postgres'),
					POSTGRES_PASSWORD_FILE: join(dir, 'password'),
					EXIT_WITH_PARENT: '1',
				},
				stdio: ['pipe', 'pipe', 'ignore'],
			},
		);
		const [line] = (await once(child.stdout, 'data')) as [Buffer];
		const [, port, pid] = /^ready 127\.0\.0\.1:(\d+) pid (\d+)/.exec(line.toString()) ?? [];
		return { child, port: Number(port), pid: Number(pid) };
	};
	const orphaned = await guard();
	orphaned.child.kill('SIGKILL');
	await once(orphaned.child, 'exit');
	expect(await portIsFree(orphaned.port)).toBe(false);

	const next = await guard();
	expect(await commandOf(orphaned.pid)).toBe('');
	next.child.stdin.end();
	await once(next.child, 'exit');
	expect(await portIsFree(next.port)).toBe(true);
	expect(await commandOf(next.pid)).toBe('');
});

test('a private directory above it is an obstacle, except to its owner', async () => {
	const inner = join(dir, 'private', 'deep');
	await mkdir(inner, { recursive: true });
	await chmod(join(dir, 'private'), 0o700);
	const owner = await stat(join(dir, 'private'));
	expect(await canPass(inner, { uid: owner.uid, gid: owner.gid })).toBe(true);
	expect(await canPass(inner, { uid: 12_345, gid: 12_345 })).toBe(false);
	await chmod(join(dir, 'private'), 0o711);
	expect(await canPass(join(inner, 'not-there-yet'), { uid: 12_345, gid: 12_345 })).toBe(true);
});

test.runIf(process.getuid?.() === 0)('starts below a 0700 directory, and says where', async () => {
	await chmod(dir, 0o700);
	await using server = await start();
	expect(server.note).toContain(server.dir);
	expect(server.dir.startsWith(dir)).toBe(false);
	await server.stop();
	await rm(server.dir, { recursive: true });
});

test('test databases are fresh, migrated and apart', async () => {
	await using one = await testDatabase();
	await using two = await testDatabase();
	await one.connection.sql`insert into doc_rooms (room) values ('workspace:aaaaaaaa')`;
	expect(await one.connection.sql`select room from doc_rooms`).toHaveLength(1);
	expect(await two.connection.sql`select room from doc_rooms`).toHaveLength(0);
});
