// A child process: Hocuspocus, with DATABASE_URL on its database extension, which keeps each document
// as one row; both as their documentation has them.

import { Database } from '@hocuspocus/extension-database';
import { Server } from '@hocuspocus/server';
import postgres from 'postgres';

process.once('disconnect', () => process.exit());
const url = process.env['DATABASE_URL'];
const server = new Server({
	address: '127.0.0.1',
	port: 0,
	quiet: true,
	stopOnSignals: false,
	extensions: url === undefined ? [] : [await database(url)],
});
await server.listen();
process.send?.(server.address.port);

async function database(address: string): Promise<Database> {
	const sql = postgres(address, { max: 4, onnotice: () => {} });
	await sql`create table if not exists bench_documents (name text primary key, data bytea not null)`;
	return new Database({
		fetch: async ({ documentName }) => {
			const [row] = await sql<{ data: Uint8Array }[]>`
				select data from bench_documents where name = ${documentName}`;
			return row?.data ?? null;
		},
		store: async ({ documentName, state }) => {
			await sql`insert into bench_documents (name, data) values (${documentName}, ${state})
				on conflict (name) do update set data = excluded.data`;
		},
	});
}
