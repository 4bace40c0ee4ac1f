// A child process: a server that answers every request with the bytes that it was told.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [{ body, headers }] = (await once(process, 'message')) as [
	{ body: string; headers: Record<string, string> },
];
const bytes = Buffer.from(body);
const server = createServer((_, response) => response.writeHead(200, headers).end(bytes));
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
