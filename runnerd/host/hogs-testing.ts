// For tests and benchmarks: sandboxes that take all they can get, and a neighbour who goes on working.

import type { Duplex } from 'node:stream';
import type * as Y from 'yjs';
import { createFile, liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import { AgentClient } from '../agent/client.ts';
import { Flush } from '../flush/flush.ts';
import { LocalServer } from '../flush/testing.ts';
import type { SandboxHandle } from '../sandboxes/handle.ts';
import { sh } from '../sandboxes/testing.ts';
import { TestRunner, type TestBrowser } from '../terminals/testing.ts';

const IMAGE = 'python:3.13-slim';
const FORK_BOMB = 'b() { b | b & }; b; sleep 1000';

/** Each goes on until its sandbox ends, whatever becomes of the others. */
const HOGS = {
	logs: [`docker run -d ${IMAGE} yes`],
	cores: ['for n in 1 2 3 4; do (setsid sh -c "while :; do :; done" &); done'],
	memory: [`(setsid sh -c 'while :; do python3 -c "x = bytes(1) * 2_000_000_000"; done' &)`],
	disk: ['(setsid sh -c "while :; do head -c 20G /dev/zero > /workspace/big; sleep 0.2; done" &)'],
	/** Of another user in a container, and in a terminal; last, for nothing starts after them. */
	processes: [
		`docker run -d -u 1000 ${IMAGE} bash -c '${FORK_BOMB}'`,
		`(sh -c '. /usr/local/lib/sandbox/headroom.sh; exec setsid bash -c "${FORK_BOMB}"' &)`,
	],
} as const;
export type Hog = keyof typeof HOGS;
export const HOG_KINDS = Object.keys(HOGS) as Hog[];

/** All at once, unless some are named. */
export async function hog(sandbox: SandboxHandle, kinds = HOG_KINDS): Promise<void> {
	for (const line of kinds.flatMap((kind) => HOGS[kind])) await sh(sandbox, quietly(line));
}

const quietly = (line: string) => `{ ${line}; } > /dev/null 2>&1`;

/** Someone at work in a sandbox: at its terminal, and in a file that is flushed into it. */
export class Neighbour implements AsyncDisposable {
	readonly #runner: TestRunner;
	readonly #browser: TestBrowser;
	readonly #client: AgentClient;
	readonly #flush: Flush;
	readonly #text: Y.Text;
	#keys = 0;

	static async at(openAgent: () => Promise<Duplex>): Promise<Neighbour> {
		const runner = await TestRunner.start(openAgent);
		const browser = await runner.join();
		const server = new LocalServer();
		const editor = server.join().doc;
		editor.transact(() =>
			createFile(editor, { kind: 'text', path: 'notes.txt', mode: 0o644, text: '' }),
		);
		const flush = new Flush(server.join(), {
			...{ warning: () => {}, blob: () => {}, missingBlobs: () => {} },
			...{ activity: () => {}, log: () => {} },
		});
		const client = new AgentClient(await openAgent());
		await flush.attach(client);
		await flush.drain();
		const [file] = liveFiles(editor);
		return new Neighbour(runner, browser, client, flush, file!.text!);
	}

	private constructor(
		runner: TestRunner,
		browser: TestBrowser,
		client: AgentClient,
		flush: Flush,
		text: Y.Text,
	) {
		this.#runner = runner;
		this.#browser = browser;
		this.#client = client;
		this.#flush = flush;
		this.#text = text;
	}

	/** From a key until its echo is on the screen; ms. */
	async echo(): Promise<number> {
		const before = this.#browser.received;
		const began = performance.now();
		// Nothing stays on the line for long.
		this.#browser.type(++this.#keys % 20 === 0 ? '\x15' : 'x');
		await this.#browser.until(() => this.#browser.received > before, 60_000);
		return performance.now() - began;
	}

	/** From a change in the editor until the file has it, and nothing else is under way; ms. */
	async flushed(): Promise<number> {
		const began = performance.now();
		this.#text.insert(this.#text.length, 'a word\n');
		await this.#flush.drain();
		return performance.now() - began;
	}

	/** What the file is to hold. */
	get text(): string {
		return this.#text.toString();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#flush.close();
		this.#client.close();
		await this.#runner[Symbol.asyncDispose]();
	}
}
