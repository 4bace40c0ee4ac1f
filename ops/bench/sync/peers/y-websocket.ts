// A child process: y-websocket's own server as it ships, with YPERSISTENCE on LevelDB.

import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { connect } from 'node:net';

process.once('disconnect', () => process.exit());
const manifest = fileURLToPath(import.meta.resolve('@y/websocket-server/package.json'));
await import(pathToFileURL(join(manifest, '..', 'src', 'server.js')).href);

// It tells nobody when it listens.
const port = Number(process.env['PORT']);
function knock(): void {
	const socket = connect(port, '127.0.0.1');
	socket.once('connect', () => {
		socket.destroy();
		process.send?.(port);
	});
	socket.once('error', () => setTimeout(knock, 20));
}
knock();
