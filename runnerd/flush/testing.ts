// For tests: the flush over the real agent on this host, in a room without a server.

import { access, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as Y from 'yjs';
import { createFile, liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import { AgentClient } from '../agent/client.ts';
import { testAgent, type TestAgent } from '../agent/testing.ts';
import { Flush, type FlushEvents } from './flush.ts';
import type { Room } from './room.ts';

/** A server's copy of a document, to which peers are linked at once; it outlives each of them. */
export class LocalServer {
	readonly doc = new Y.Doc();
	/** While true, what peers send isn't durable, and is gone when they are. */
	held = false;
	/** While true, what peers send is durable, and nobody is told. */
	silent = false;
	readonly #rooms = new Set<LocalRoom>();

	join(): LocalRoom {
		const room = new LocalRoom(this);
		this.#rooms.add(room);
		return room;
	}

	leave(room: LocalRoom): void {
		this.#rooms.delete(room);
	}

	release(): void {
		this.held = false;
		for (const room of this.#rooms) room.send();
	}
}

export class LocalRoom implements Room {
	readonly doc = new Y.Doc();
	readonly ready = Promise.resolve();
	readonly #server: LocalServer;
	#waiting: (() => void)[] = [];

	constructor(server: LocalServer) {
		this.#server = server;
		Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(server.doc), 'server');
		this.doc.on('update', this.#sendOwn);
		server.doc.on('update', this.#receive);
	}

	send(): void {
		if (this.#server.held) return;
		const known = Y.encodeStateVector(this.#server.doc);
		Y.applyUpdate(this.#server.doc, Y.encodeStateAsUpdate(this.doc, known), this);
		if (!this.#server.silent) for (const done of this.#waiting.splice(0)) done();
	}

	async durable(): Promise<void> {
		if (this.#server.held || this.#server.silent)
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
	}

	close(): void {
		this.doc.off('update', this.#sendOwn);
		this.#server.doc.off('update', this.#receive);
		this.#server.leave(this);
	}

	#sendOwn = (_update: Uint8Array, origin: unknown): void => {
		if (origin !== 'server') this.send();
	};

	#receive = (update: Uint8Array, origin: unknown): void => {
		if (origin !== this) Y.applyUpdate(this.doc, update, 'server');
	};
}

export interface Heard {
	warnings: { code: string; message: string; path: string | undefined }[];
	blobs: string[];
	missing: string[];
	logs: string[];
}

/** One workspace: a document that an editor holds, a flush, and the real agent. */
export class TestWorkspace implements AsyncDisposable {
	readonly server: LocalServer;
	readonly editor: Y.Doc;
	readonly agent: TestAgent;
	readonly heard: Heard = { warnings: [], blobs: [], missing: [], logs: [] };
	flush!: Flush;
	client!: AgentClient;
	room!: LocalRoom;

	static async open(
		files: Record<string, string> = {},
		server = new LocalServer(),
		program?: string,
	): Promise<TestWorkspace> {
		const workspace = new TestWorkspace(server, await testAgent(program));
		for (const [path, text] of Object.entries(files)) workspace.create(path, text);
		await workspace.start();
		await workspace.flush.drain();
		return workspace;
	}

	private constructor(server: LocalServer, agent: TestAgent) {
		this.server = server;
		this.agent = agent;
		this.editor = server.join().doc;
	}

	async start(): Promise<void> {
		const { heard } = this;
		const events: FlushEvents = {
			warning: (code, message, path) => heard.warnings.push({ code, message, path }),
			blob: (sha) => heard.blobs.push(sha),
			missingBlobs: (shas) => heard.missing.push(...shas),
			activity: () => {},
			log: (message, detail) => heard.logs.push(`${message} ${JSON.stringify(detail)}`),
		};
		this.room = this.server.join();
		this.flush = new Flush(this.room, events);
		await this.reconnect();
	}

	async reconnect(): Promise<void> {
		this.client = new AgentClient(await this.agent.open());
		await this.flush.attach(this.client);
	}

	/** As kill -9 of runnerd: nothing is finished, nothing said goodbye. */
	kill(): void {
		this.client.close();
		this.flush.close();
	}

	at(path: string): string {
		return join(this.agent.root, path);
	}

	read(path: string): Promise<string> {
		return readFile(this.at(path), 'utf8');
	}

	async write(path: string, content: string | Uint8Array): Promise<void> {
		await mkdir(join(this.at(path), '..'), { recursive: true });
		await writeFile(this.at(path), content);
	}

	exists(path: string): Promise<boolean> {
		return access(this.at(path)).then(
			() => true,
			() => false,
		);
	}

	create(path: string, text: string): string {
		return this.editor.transact(() =>
			createFile(this.editor, { kind: 'text', path, mode: 0o644, text }),
		);
	}

	file(path: string) {
		return liveFiles(this.editor).find((file) => file.path === path);
	}

	text(path: string): Y.Text {
		const text = this.file(path)?.text;
		if (!text) throw new Error(`${path} is no text in the document`);
		return text;
	}

	docText(path: string): string {
		return this.text(path).toString();
	}

	docPaths(): string[] {
		return liveFiles(this.editor).map((file) => file.path);
	}

	async diskFiles(): Promise<Record<string, string>> {
		const found: Record<string, string> = {};
		for (const name of (await readdir(this.agent.root, { recursive: true })).sort()) {
			// Gone meanwhile is gone.
			const isFile = await stat(this.at(name)).then(
				(s) => s.isFile(),
				() => false,
			);
			const content = isFile && (await this.read(name).catch(() => false as const));
			if (typeof content === 'string') found[name] = content;
		}
		return found;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.kill();
		await this.agent[Symbol.asyncDispose]();
	}
}

/** Looks until it is so, or fails with what `probe` last said; the bound is for what never comes. */
export async function until(probe: () => unknown, ms = 15_000): Promise<void> {
	const end = performance.now() + ms;
	for (;;) {
		let failure: unknown;
		try {
			if (await probe()) return;
		} catch (error) {
			failure = error;
		}
		if (performance.now() > end) throw new Error('it did not come to be', { cause: failure });
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}
