// runnerd's own API, for what a benchmark does inside a sandbox.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { ExecResult, Session } from '@containrlab/protocol/sandbox.ts';
import type { Lesson } from '../e2e/lesson.ts';

const Health = z.object({ sandboxes: z.number(), warm: z.number() });
const QUIET_WITHIN_MS = 60_000;

export class Runnerd {
	readonly #url: string;
	readonly #headers: Record<string, string>;

	private constructor(url: string, token: string) {
		this.#url = url;
		this.#headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
	}

	static async of(lesson: Lesson): Promise<Runnerd> {
		const token = await readFile(join(lesson.dataDir, 'secrets', 'runnerd-token'), 'utf8');
		return new Runnerd(lesson.runnerd, token.trim());
	}

	/** Standard output of a command in the workspace's sandbox; it must succeed. */
	async exec(workspace: string, command: string[], timeoutMs = 120_000): Promise<string> {
		const answer = await this.#call('POST', `/sessions/${workspace}/exec`, { command, timeoutMs });
		const { exitCode, stdout, stderr } = ExecResult.parse(await answer.json());
		if (exitCode !== 0) throw new Error(`${command[0]} ended with ${exitCode}: ${stderr}`);
		return stdout;
	}

	async drain(workspace: string): Promise<void> {
		await this.#call('POST', `/sessions/${workspace}/drain`, {});
	}

	async stop(workspace: string): Promise<void> {
		await this.#call('DELETE', `/sessions/${workspace}`);
	}

	/** Resolves when the pool holds `warm` sandboxes and none but people's are there beside them. */
	async quiet(warm: number): Promise<void> {
		for (const end = Date.now() + QUIET_WITHIN_MS; Date.now() < end; await delay(50)) {
			const health = Health.parse(await (await this.#call('GET', '/health')).json());
			const sessions = z.array(Session).parse(await (await this.#call('GET', '/sessions')).json());
			const inUse = sessions.filter(({ state }) => state.status === 'ready').length;
			if (health.warm === warm && health.sandboxes === warm + inUse) return;
		}
		throw new Error(`The pool did not come to rest with ${warm} sandboxes.`);
	}

	async #call(method: string, path: string, body?: unknown): Promise<Response> {
		const response = await fetch(this.#url + path, {
			method,
			headers: this.#headers,
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
		return response;
	}
}
