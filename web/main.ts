// The web server: pages, forms and events over HTTP, and sockets passed on to sync and runnerd.

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { readConfig, type Config } from './config.ts';
import { provideApp } from './src/server/app.ts';
import { BODY_MOST } from './src/server/body-limit.ts';
import { createApp } from './src/server/create-app.ts';
import { createWebServer, PROTOCOL_HEADER, type PageHandler } from './src/server/http-server.ts';
import { log } from './src/server/log.ts';
import { createPreviewServer } from './src/server/preview/server.ts';

/** The last requests may finish; streams and sockets are cut. */
const GRACE_MS = 2_000;

const config = readConfig(process.env);
const running = await createApp(config);
provideApp(running.app);

let pages: PageHandler | undefined;
const { previews } = running.app;
const server = createWebServer((request, response, next) => pages?.(request, response, next), {
	...{ site: config.site, certificate: config.tls, log, previews },
	// What Vite serves is for one computer.
	compressed: !config.dev,
});
server.on('upgrade', (request, socket, head) => {
	if (previews.handles(request)) {
		void previews.upgrade(request, socket, head, { shared: false });
	} else if (running.upgrades.handles(request))
		void running.upgrades.upgrade(request, socket, head);
	else if (!config.dev) socket.destroy();
});
pages = await loadPages(config, server);

const second = config.previewListen && createPreviewServer(previews, config.tls, config.site);
if (config.previewListen && second) {
	previews.listensOn((await listening(second, config.previewListen)).port);
}
const { address, port, family } = await listening(server, config.listen);
running.start();
const shown = family === 'IPv6' ? `[${address}]` : address;
process.stdout.write(`ready ${config.tls ? 'https' : 'http'}://${shown}:${port}\n`);

process.once('SIGTERM', () => void stop('SIGTERM'));
process.once('SIGINT', () => void stop('SIGINT'));
if (config.exitWithParent) {
	process.stdin.resume();
	process.stdin.once('end', () => void stop('the supervisor ended'));
	process.stdin.once('error', () => void stop('the supervisor ended'));
}

async function loadPages(config: Config, server: Server): Promise<PageHandler> {
	const root = fileURLToPath(new URL('.', import.meta.url));
	// SvelteKit's plugin reads package.json and its routes from the working directory.
	process.chdir(root);
	if (config.dev) {
		const { createServer } = await import('vite');
		const vite = await createServer({
			root,
			server: { middlewareMode: true, ws: { server }, allowedHosts: true },
			appType: 'custom',
		});
		return (request, response, next) => vite.middlewares(request, response, next);
	}
	// adapter-node reads these when it is loaded; without them it takes every request for https.
	process.env['PROTOCOL_HEADER'] = PROTOCOL_HEADER;
	process.env['BODY_SIZE_LIMIT'] = String(BODY_MOST);
	const built = new URL('./build/handler.js', import.meta.url).href;
	const { handler } = (await import(built)) as { handler: PageHandler };
	return handler;
}

async function listening(on: Server, { host, port }: Config['listen']): Promise<AddressInfo> {
	on.listen({ port, ...(host !== undefined && { host }) });
	await once(on, 'listening');
	return on.address() as AddressInfo;
}

let stopping = false;
async function stop(why: string): Promise<void> {
	if (stopping) return;
	stopping = true;
	log('info', 'stopping', { why });
	for (const each of [server, second]) {
		setTimeout(() => each?.closeAllConnections(), GRACE_MS).unref();
		each?.close();
	}
	await running.stop();
	process.exit(0);
}
