// Previews of a real sandbox: a published port, a server in the shell, and their ends.

import { text } from 'node:stream/consumers';
import { newId } from '@containrlab/protocol/id.ts';
import { expect, test } from 'vitest';
import { TestInstance, ready, sh, startRequest, until } from '../sandboxes/testing.ts';
import { TestPreview } from './testing.ts';

const SERVE = `python -c "
from http.server import *
class H(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'from a container')
HTTPServer(('$HOST', 8000), H).serve_forever()"`;

test('published ports and servers in the shell are listed and reached', async () => {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	const sandbox = await ready(sandboxes, workspace);
	await using preview = await TestPreview.start(() => sandboxes.openAgent(workspace));
	expect(await preview.preview.look()).toEqual([]);
	const run = (name: string, host: string, port: number) =>
		sh(
			sandbox,
			`docker run -d --name ${name} -p ${port}:8000 python:3.13-slim ` +
				`sh -c '${SERVE.replace('$HOST', host).replaceAll("'", `'\\''`)}'`,
		);
	await run('open', '0.0.0.0', 8080);
	await run('shut', '127.0.0.1', 9090);
	await sh(
		sandbox,
		'cd /tmp && echo hi > f && (setsid python3 -m http.server 3000 >/dev/null 2>&1 &)',
	);
	await until('all are listed', () => String(preview.told.at(-1)) === '3000,8080,9090');
	expect(await text(await preview.ask(3000, { path: '/f' }))).toBe('hi\n');
	const answered = await until('the container answers', () =>
		preview.ask(8080, {}).then(text, () => false as const),
	);
	expect(answered).toBe('from a container');
	// Published, but its app listens on the container's own loopback.
	await expect(preview.ask(9090, {})).rejects.toThrow(/hang up|ECONNRESET|socket/);
	expect(await preview.dial(4000)).toBe('nobody-listens');
	await sh(sandbox, 'docker rm -f open');
	await until('it is off the list', () => String(preview.told.at(-1)) === '3000,9090');
	await sandboxes.stop(workspace);
	expect(await preview.dial(3000)).toBe('sandbox-away');
}, 120_000);
