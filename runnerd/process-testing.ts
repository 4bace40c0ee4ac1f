// For tests: the real runnerd process on port 0, which may be killed and launched again.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { newId } from '@containrlab/protocol/id.ts';
import { signTicket, TICKET_HEADER } from '@containrlab/protocol/ticket.ts';
import { WebSocket } from 'ws';
import { DOCKER_SOCKET, type TestInstance, testImages } from './sandboxes/testing.ts';
import { TestBrowser } from './terminals/testing.ts';

export const TOKEN = newId(32);
/** Of its log, what is kept for whoever asks why. */
const LOG_LINES = 60;

function tail(input: NodeJS.ReadableStream): readonly string[] {
	const lines: string[] = [];
	createInterface({ input }).on('line', (line) => {
		lines.push(line);
		if (lines.length > LOG_LINES) lines.shift();
	});
	return lines;
}

export class RunnerProcess implements AsyncDisposable {
	readonly url: string;
	/** What it wrote to its log last. */
	readonly log: readonly string[];
	#child: ChildProcess;
	#keys: CryptoKeyPair;

	private constructor(
		url: string,
		log: readonly string[],
		child: ChildProcess,
		keys: CryptoKeyPair,
	) {
		this.url = url;
		this.log = log;
		this.#child = child;
		this.#keys = keys;
	}

	/** Without a sync, its workspaces become ready without their files, a while later. */
	static async launch(
		instance: TestInstance,
		poolSize: number,
		{
			syncUrl = 'ws://127.0.0.1:1',
			/** Docker's variables, where the engine isn't the usual one. */
			engine = { DOCKER_HOST: `unix://${DOCKER_SOCKET}` } as Record<string, string>,
		} = {},
	): Promise<RunnerProcess> {
		const { image, imagesVolume } = testImages();
		const file = (name: string) => join(instance.directory, name);
		const keys = (await crypto.subtle.generateKey('Ed25519', true, [
			...(['sign', 'verify'] as const),
		])) as CryptoKeyPair;
		const spki = Buffer.from(await crypto.subtle.exportKey('spki', keys.publicKey));
		await writeFile(
			file('public.pem'),
			`-----BEGIN PUBLIC KEY-----\n${spki.toString('base64')}\n-----END PUBLIC KEY-----\n`,
		);
		await writeFile(file('token'), TOKEN);
		const main = fileURLToPath(new URL('main.ts', import.meta.url));
		const child = spawn(process.execPath, [main], {
			stdio: ['ignore', 'pipe', 'pipe'],
			env: {
				...process.env,
				RUNNERD_LISTEN: '127.0.0.1:0',
				RUNNERD_DATA: file('data'),
				RUNNERD_INSTANCE: instance.name,
				TICKET_PUBLIC_KEY_FILE: file('public.pem'),
				RUNNERD_TOKEN_FILE: file('token'),
				LABS_DIR: fileURLToPath(new URL('../labs', import.meta.url)),
				SANDBOX_IMAGE: image,
				IMAGES_VOLUME: imagesVolume,
				SYNC_URL: syncUrl,
				...engine,
				POOL_SIZE: String(poolSize),
			},
		});
		const log = tail(child.stderr);
		for await (const line of createInterface({ input: child.stdout })) {
			const [, url] = /^ready (http:\S+)$/.exec(line) ?? [];
			if (url) return new RunnerProcess(url, log, child, keys);
		}
		throw new Error(`runnerd ended before it was ready:\n${log.join('\n')}`);
	}

	fetch(method: string, path: string, body?: unknown, token = TOKEN): Promise<Response> {
		return fetch(this.url + path, {
			method,
			headers: { authorization: `Bearer ${token}` },
			...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
		});
	}

	async json<T>(method: string, path: string, body?: unknown): Promise<T> {
		return (await (await this.fetch(method, path, body)).json()) as T;
	}

	/** A page of whoever `startRequest` starts for, at the first terminal. */
	async terminal(workspace: string): Promise<TestBrowser> {
		const iat = Math.floor(Date.now() / 1000);
		const ticket = await signTicket(this.#keys.privateKey, {
			...{ aud: 'terminal', user: { id: 'uma', name: 'Uma', role: 'student' } },
			...{ resource: workspace, access: 'write', iat, exp: iat + 60, jti: newId() },
		});
		const address = `${this.url.replace('http', 'ws')}/terminal/${workspace}/1`;
		const headers = { [TICKET_HEADER]: ticket };
		return new TestBrowser(new WebSocket(address, { headers }));
	}

	/** Now, not soon. */
	kill(): void {
		this.#child.kill('SIGKILL');
	}

	async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		const ended = once(this.#child, 'exit');
		this.#child.kill(signal);
		await ended;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.end('SIGKILL');
	}
}
