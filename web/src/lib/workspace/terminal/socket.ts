// The socket of one terminal: it comes back by itself, finds out when nobody is there, and tells how
// much of the output is on the screen. Knows no screen.

import {
	TERMINAL_CLOSE,
	TerminalMessage,
	type TerminalRequest,
} from '@containrlab/protocol/terminal.ts';
import { backoffMs } from '#lib/backoff.ts';
import { ACK_AFTER_MS, AckCounter } from './acks.ts';
import { Pulse } from './pulse.ts';

export type TerminalLink =
	/** No sandbox to talk to. */
	| { kind: 'waiting' }
	/** `lost`: it was there, or should have been. */
	| { kind: 'connecting'; lost: boolean }
	| { kind: 'open' }
	| { kind: 'closed'; text: string };

const FINAL_WORDS: Record<number, string> = {
	[TERMINAL_CLOSE.unauthorized.code]:
		'You are no longer signed in: sign in again, then connect again above.',
	[TERMINAL_CLOSE.revoked.code]: 'You no longer have access to this terminal.',
	[TERMINAL_CLOSE.ended.code]: 'This terminal was closed.',
	[TERMINAL_CLOSE.malformed.code]:
		'This tab sent something the terminal couldn’t read. Reload the page.',
};

type Hooks = {
	link: (link: TerminalLink) => void;
	message: (message: TerminalMessage) => void;
	/** To be shown; `done` once it is. */
	output: (bytes: Uint8Array, done: () => void) => void;
};

export class TerminalSocket {
	readonly #url: string;
	readonly #hooks: Hooks;
	#socket: WebSocket | undefined;
	#acks = new AckCounter();
	#ackTimer: ReturnType<typeof setTimeout> | undefined;
	#retryTimer: ReturnType<typeof setTimeout> | undefined;
	#pulse: Pulse | undefined;

	constructor(url: string, hooks: Hooks) {
		this.#url = url;
		this.#hooks = hooks;
	}

	/** Connects, and again whenever that ends, until it is final or hung up. */
	connect(): void {
		if (this.#socket || this.#retryTimer !== undefined) return;
		this.#hooks.link({ kind: 'connecting', lost: false });
		this.#dial(0);
	}

	hangUp(): void {
		this.#quiet();
		const socket = this.#socket;
		this.#socket = undefined;
		socket?.close();
	}

	/** The tab is looked at again, or the network is back: what was waited for may be there. */
	wake(): void {
		if (this.#retryTimer !== undefined) this.#dial(0);
		else this.#pulse?.check();
	}

	type(bytes: Uint8Array): void {
		if (this.#socket?.readyState !== WebSocket.OPEN) return;
		this.#socket.send(bytes as Uint8Array<ArrayBuffer>);
		this.#pulse?.check();
	}

	send(request: TerminalRequest): void {
		if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
	}

	#dial(attempt: number): void {
		this.#quiet();
		const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}${this.#url}`);
		socket.binaryType = 'arraybuffer';
		this.#socket = socket;
		this.#acks = new AckCounter();
		let heard = false;
		const ended = (event?: CloseEvent) => {
			if (this.#socket === socket) this.#ended(event?.code, heard ? 0 : attempt + 1);
		};
		const pulse = (this.#pulse = new Pulse(
			() => this.send({ type: 'ping' }),
			() => {
				ended();
				socket.close();
			},
		));
		socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
			if (this.#socket !== socket) return;
			heard = true;
			pulse.heard();
			if (typeof data === 'string') this.#message(data);
			else this.#output(socket, new Uint8Array(data));
		};
		socket.onopen = () => {
			if (this.#socket !== socket) return;
			pulse.heard();
			this.#hooks.link({ kind: 'open' });
		};
		socket.onclose = ended;
	}

	/** Without a code: nobody is there any more. */
	#ended(code: number | undefined, attempt: number): void {
		this.#socket = undefined;
		this.#quiet();
		if (code === TERMINAL_CLOSE.noSandbox.code) {
			// It went, or runnerd is still finding out what it has: the events will say which.
			this.#retry(Math.max(attempt, 3));
		} else if (code !== undefined && code >= 4400 && code < 4500) {
			const text = FINAL_WORDS[code] ?? 'The terminal was closed. Reload the page.';
			this.#hooks.link({ kind: 'closed', text });
		} else {
			this.#retry(attempt);
		}
	}

	#retry(attempt: number): void {
		this.#hooks.link({ kind: 'connecting', lost: true });
		this.#retryTimer = setTimeout(() => this.#dial(attempt), backoffMs(attempt));
	}

	#message(text: string): void {
		let message: TerminalMessage;
		try {
			message = TerminalMessage.parse(JSON.parse(text));
		} catch (cause) {
			throw new Error('runnerd sent a terminal message this page does not know', { cause });
		}
		this.#hooks.message(message);
	}

	#output(socket: WebSocket, bytes: Uint8Array): void {
		this.#hooks.output(bytes, () => {
			if (this.#socket !== socket) return;
			this.#ack(this.#acks.wrote(bytes.length));
			this.#ackTimer ??= setTimeout(() => {
				this.#ackTimer = undefined;
				this.#ack(this.#acks.flush());
			}, ACK_AFTER_MS);
		});
	}

	#ack(bytes: number | undefined): void {
		if (bytes !== undefined) this.send({ type: 'ack', bytes });
	}

	#quiet(): void {
		clearTimeout(this.#retryTimer);
		this.#retryTimer = undefined;
		clearTimeout(this.#ackTimer);
		this.#ackTimer = undefined;
		this.#pulse?.stop();
		this.#pulse = undefined;
	}
}
