// One browser's WebSocket at one terminal: what it sends is hostile, what it gets is bounded.

import type { Person } from '@containrlab/protocol/events.ts';
import { TERMINAL_CLOSE, TerminalRequest } from '@containrlab/protocol/terminal.ts';
import type { RawData, WebSocket } from 'ws';
import { Outlet } from './outlet.ts';
import type { SharedTerminal, Viewer } from './shared-terminal.ts';

/** Messages in one second: a person at a keyboard is far below, a loop isn't. */
const MESSAGES_PER_SECOND = 500;
const MESSAGE_MAX = 4096;
/** While it isn't read it can't be heard to ask: it is told so often that somebody is there. */
const PONG_MS = 3000;

export class Connection implements Viewer {
	readonly person: Person;
	readonly access: 'write' | 'read';
	readonly outlet: Outlet;
	#socket: WebSocket;
	#terminal: SharedTerminal;
	#second = 0;
	#messages = 0;
	#unread: NodeJS.Timeout | undefined;

	constructor(
		socket: WebSocket,
		terminal: SharedTerminal,
		who: { person: Person; access: 'write' | 'read' },
	) {
		this.person = who.person;
		this.access = who.access;
		this.#socket = socket;
		this.#terminal = terminal;
		this.outlet = new Outlet(
			{
				get bufferedAmount() {
					return socket.bufferedAmount;
				},
				send: (data, done) => socket.send(data, done),
			},
			() => terminal.refresh(this),
		);
		socket.on('message', (data, binary) => this.#received(data, binary));
		socket.once('close', () => {
			clearInterval(this.#unread);
			this.outlet.close();
			terminal.leave(this);
		});
		terminal.join(this);
	}

	read(on: boolean): void {
		clearInterval(this.#unread);
		if (on) return this.#socket.resume();
		this.#socket.pause();
		this.#unread = setInterval(() => this.outlet.answer({ type: 'pong' }), PONG_MS);
	}

	end(terminals: string[]): void {
		this.outlet.answer({ type: 'ended', terminals });
		this.close(TERMINAL_CLOSE.ended);
	}

	close({ code, reason }: { code: number; reason: string }): void {
		// A socket that isn't read would never see the other side's close.
		this.#socket.resume();
		this.#socket.close(code, reason);
	}

	#received(data: RawData, binary: boolean): void {
		// The server's sockets use 'nodebuffer'.
		const bytes = data as Buffer;
		if (binary) {
			this.#terminal.type(this, bytes);
			return;
		}
		const request = this.#withinRate() ? parse(bytes) : undefined;
		if (request) this.#terminal.handle(this, request);
		else this.close(TERMINAL_CLOSE.malformed);
	}

	#withinRate(): boolean {
		const second = Math.floor(performance.now() / 1000);
		if (second !== this.#second) this.#messages = 0;
		this.#second = second;
		this.#messages += 1;
		return this.#messages <= MESSAGES_PER_SECOND;
	}
}

function parse(bytes: Buffer): TerminalRequest | undefined {
	if (bytes.length > MESSAGE_MAX) return undefined;
	try {
		return TerminalRequest.safeParse(JSON.parse(bytes.toString())).data;
	} catch {
		return undefined;
	}
}
