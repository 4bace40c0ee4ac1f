// A Yjs server for an application of your own: any room, made when somebody opens it. With DATABASE_URL
// documents live in Postgres; without, as long as the process.

import { randomUUID } from 'node:crypto';
import { migrateToLatest } from '@containrlab/db/connect.ts';
import { ticketOf } from '@containrlab/sync/admission.ts';
import { jsonLogger } from '@containrlab/sync/logger.ts';
import { MemoryStorage } from '@containrlab/sync/memory-storage.ts';
import { PostgresStorage } from '@containrlab/sync/postgres-storage.ts';
import { SyncServer } from '@containrlab/sync/server.ts';
import { CLOSE } from '@containrlab/protocol/sync.ts';

const { DATABASE_URL, PORT = '1234', SYNC_TOKEN = randomUUID() } = process.env;
if (DATABASE_URL) await migrateToLatest(DATABASE_URL);

const server = new SyncServer({
	storage: DATABASE_URL
		? new PostgresStorage({ url: DATABASE_URL, holder: `${process.pid}`, create: true })
		: new MemoryStorage({ create: true }),
	logger: jsonLogger((line) => process.stderr.write(line)),
	// For /metrics and the routes that change documents.
	token: SYNC_TOKEN,
	// Look at a cookie or a token of yours here. The same person must always get the same id.
	admit: async (room, url) => {
		const name = url.searchParams.get('name');
		if (!room || !name) return { ok: false, close: CLOSE.unauthorized };
		return { ok: true, ticket: ticketOf(room, { id: name, name }) };
	},
});
const { url } = await server.listen(Number(PORT), '127.0.0.1');
console.log(`ready ${url}`);

process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));
