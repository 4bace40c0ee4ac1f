// For tests: a real server with one workspace's terminals, and browsers at it with screens of their own.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { newId } from '@containrlab/protocol/id.ts';
import { TerminalMessage, type TerminalRequest } from '@containrlab/protocol/terminal.ts';
import { signTicket, TICKET_HEADER } from '@containrlab/protocol/ticket.ts';
import headless from '@xterm/headless';
import { WebSocket } from 'ws';
import { connectAgent } from '../agent/client.ts';
import type { RecordingPart } from './recorder.ts';
import { Terminals } from './terminals.ts';
import { TerminalDoor } from './upgrade.ts';

export const OWNER = { id: 'owner', name: 'Olga' };
export const TEACHER = { id: 'teacher', name: 'Tim' };

type Message<Type extends TerminalMessage['type']> = Extract<TerminalMessage, { type: Type }>;

/** `await using` it: runnerd's side of one workspace, over any way to its agent. */
export class TestRunner {
	readonly workspace = newId();
	readonly states: { driver: string | undefined; watchers: string[] }[] = [];
	readonly ended: string[] = [];
	readonly floods: string[] = [];
	readonly recorded: RecordingPart[] = [];
	/** Whether anybody takes recordings. */
	recording = true;
	activity = 0;
	readonly terminals: Terminals;
	#keys: CryptoKeyPair;
	#link;
	#door: TerminalDoor;
	#server = createServer();
	#browsers: TestBrowser[] = [];

	private constructor(open: () => Promise<Duplex>, keys: CryptoKeyPair, heartbeatMs?: number) {
		this.#keys = keys;
		this.#link = connectAgent(open);
		this.terminals = new Terminals({
			link: this.#link,
			owner: OWNER,
			log: () => {},
			onActivity: () => (this.activity += 1),
			onFlood: (name) => this.floods.push(name),
			onRecorded: (part) => {
				if (this.recording) this.recorded.push(part);
				return this.recording;
			},
			onEnded: (name) => this.ended.push(name),
			onState: (_name, driver, watchers) =>
				this.states.push({ driver: driver?.name, watchers: watchers.map(({ name }) => name) }),
		});
		this.#door = new TerminalDoor({
			ticketKey: keys.publicKey,
			find: (workspace) => (workspace === this.workspace ? this.terminals : undefined),
			...(heartbeatMs !== undefined && { heartbeatMs }),
		});
		this.#server.on('upgrade', (request, socket, head) => {
			void this.#door.accept(request, socket, head);
		});
	}

	static async start(open: () => Promise<Duplex>, heartbeatMs?: number): Promise<TestRunner> {
		const keys = (await crypto.subtle.generateKey('Ed25519', true, [
			'sign',
			'verify',
		])) as CryptoKeyPair;
		const runner = new TestRunner(open, keys, heartbeatMs);
		runner.#server.listen(0, '127.0.0.1');
		await once(runner.#server, 'listening');
		return runner;
	}

	get address(): string {
		return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	ticket(
		person: { id: string; name: string },
		access: 'write' | 'read',
		exp = 60,
	): Promise<string> {
		const now = Math.floor(Date.now() / 1000);
		return signTicket(this.#keys.privateKey, {
			aud: 'terminal',
			user: { ...person, role: 'student' },
			resource: this.workspace,
			access,
			iat: now,
			exp: now + exp,
			jti: newId(),
		});
	}

	/** A socket that nothing was checked of. */
	dial(path: string, ticket?: string): WebSocket {
		return new WebSocket(this.address + path, {
			headers: ticket ? { [TICKET_HEADER]: ticket } : {},
		});
	}

	/** A browser with its first snapshot. */
	async join(person = OWNER, access: 'write' | 'read' = 'write', name = '1'): Promise<TestBrowser> {
		const ticket = await this.ticket(person, access);
		const browser = new TestBrowser(this.dial(`/terminal/${this.workspace}/${name}`, ticket));
		this.#browsers.push(browser);
		await browser.until(() => browser.snapshots > 0);
		return browser;
	}

	/** As when runnerd dies: nothing is said to the agent. */
	async [Symbol.asyncDispose](): Promise<void> {
		this.#link.close();
		this.terminals.close('shutdown');
		this.#door.close();
		this.#server.close();
		this.#server.closeAllConnections();
		for (const browser of this.#browsers) browser.socket.terminate();
		await Promise.resolve();
	}
}

/** What the page does: a screen, messages, acknowledgements. */
export class TestBrowser {
	readonly socket: WebSocket;
	readonly screen = new headless.Terminal({ cols: 80, rows: 24, allowProposedApi: true });
	readonly messages: TerminalMessage[] = [];
	/** Bytes of output received. */
	received = 0;
	/** Snapshots that are on the screen. */
	snapshots = 0;
	/** A page that never tells how far it is. */
	silent = false;
	#waiting = new Set<() => void>();

	constructor(socket: WebSocket) {
		this.socket = socket;
		socket.on('message', (data, binary) => this.#take(data as Buffer, binary));
		socket.on('close', () => this.#changed());
		socket.on('error', () => this.#changed());
	}

	get state(): Message<'state'> | undefined {
		return this.last('state');
	}

	last<Type extends TerminalMessage['type']>(type: Type): Message<Type> | undefined {
		return this.messages.findLast((message): message is Message<Type> => message.type === type);
	}

	count(type: TerminalMessage['type']): number {
		return this.messages.filter((message) => message.type === type).length;
	}

	/** All lines, scrollback too, without the spaces at their ends. */
	text(): string {
		const buffer = this.screen.buffer.active;
		const lines = Array.from({ length: buffer.length }, (_, row) => buffer.getLine(row));
		return lines.map((line) => line?.translateToString(true) ?? '').join('\n');
	}

	type(text: string | Uint8Array): void {
		this.socket.send(typeof text === 'string' ? Buffer.from(text) : text);
	}

	say(request: TerminalRequest): void {
		this.socket.send(JSON.stringify(request));
	}

	/** The name of another terminal, once it is there. */
	async opens(): Promise<string> {
		const before = this.count('opened');
		this.say({ type: 'open-terminal' });
		await this.until(() => this.count('opened') > before);
		return this.last('opened')!.terminal;
	}

	/** Resolves once `condition` holds; looks whenever something arrived. */
	async until(condition: () => boolean, within = 20_000): Promise<void> {
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<never>((_, reject) => {
			timer = setTimeout(
				() => reject(new Error(`never: ${condition}\n${this.text().trimEnd().slice(-2000)}`)),
				within,
			);
		});
		try {
			while (!condition()) {
				const changed = new Promise<void>((resolve) => this.#waiting.add(resolve));
				await Promise.race([changed, late]);
			}
		} finally {
			clearTimeout(timer);
		}
	}

	/** Waits until the screen shows `text`. */
	shows(text: string, within?: number): Promise<void> {
		return this.until(() => this.text().includes(text), within);
	}

	#take(data: Buffer, binary: boolean): void {
		if (binary) {
			this.received += data.length;
			const bytes = this.received;
			this.screen.write(data, () => {
				if (!this.silent) this.say({ type: 'ack', bytes });
				this.#changed();
			});
			return;
		}
		const message = TerminalMessage.parse(JSON.parse(data.toString()));
		if (message.type === 'snapshot') {
			// Through the queue: what came before it must not be written after it.
			this.screen.write('', () => {
				this.screen.reset();
				this.screen.resize(message.cols, message.rows);
			});
			this.screen.write(message.data, () => {
				this.snapshots += 1;
				this.#changed();
			});
		}
		if (message.type === 'state') {
			this.screen.write('', () => {
				this.screen.resize(message.cols, message.rows);
				this.#changed();
			});
		}
		this.messages.push(message);
		this.#changed();
	}

	#changed(): void {
		const waiting = [...this.#waiting];
		this.#waiting.clear();
		for (const resolve of waiting) resolve();
	}
}
