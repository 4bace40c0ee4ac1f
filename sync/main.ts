// The sync process: configuration, wiring, signals.

import { hostname } from 'node:os';
import { collectDefaultMetrics } from 'prom-client';
import { importTicketPublicKey } from '@containrlab/protocol/ticket.ts';
import { readConfig } from './config.ts';
import { LIMITS } from './limits.ts';
import { jsonLogger } from './logger.ts';
import { PostgresStorage } from './postgres-storage.ts';
import { SyncServer } from './server.ts';

const config = readConfig(process.env);
const logger = jsonLogger((line) => process.stderr.write(line));
const storage = new PostgresStorage({
	url: config.databaseUrl,
	holder: `${hostname()}:${process.pid}`,
});
const server = new SyncServer({
	storage,
	ticketPublicKey: await importTicketPublicKey(config.ticketPublicKey),
	token: config.token,
	logger,
});

collectDefaultMetrics({ register: server.metrics.registry });

let ending = false;
async function end(why: string): Promise<void> {
	if (ending) return;
	ending = true;
	logger.info('ending', { why });
	setTimeout(() => {
		logger.error('ended without saving everything: the store did not answer');
		process.exit(1);
	}, LIMITS.drainMs);
	await server.close();
	await storage.close();
	process.exit(0);
}
process.on('SIGTERM', () => void end('SIGTERM'));
process.on('SIGINT', () => void end('SIGINT'));
if (config.exitWithParent) {
	process.stdin.resume();
	process.stdin.on('end', () => void end('parent gone'));
	process.stdin.on('error', () => void end('parent gone'));
}

const { url } = await server.listen(config.port, config.host);
process.stdout.write(`ready ${url}\n`);
