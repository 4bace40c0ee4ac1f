// The terminals of one workspace's sandbox, and the browsers at them.

import type { Person } from '@containrlab/protocol/events.ts';
import { TERMINAL_CLOSE } from '@containrlab/protocol/terminal.ts';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import type { WebSocket } from 'ws';
import type { AgentClient, AgentLink, AgentLog } from '../agent/client.ts';
import { Connection } from './connection.ts';
import { SharedTerminal, type TerminalCallbacks } from './shared-terminal.ts';

/** Browsers at one workspace: a class may watch a demonstration, not flood it. */
const CONNECTIONS_MAX = 64;
/** Of one person: many tabs, but never everybody's places. */
const CONNECTIONS_EACH = 16;

export interface TerminalsOptions extends TerminalCallbacks {
	link: AgentLink;
	/** Whose workspace it is: drives unless they hand over. */
	owner: Person;
	log: AgentLog;
}

export class Terminals {
	#options: TerminalsOptions;
	#terminals = new Map<string, SharedTerminal>();
	#connections = new Set<Connection>();
	#agent: { client: AgentClient; boot: string } | undefined;
	#closed = false;

	constructor(options: TerminalsOptions) {
		this.#options = options;
		const { client, boot } = options.link;
		if (client && boot !== undefined) this.#agent = { client, boot };
		options.link.on('connected', this.#connected);
		options.link.on('disconnected', this.#disconnected);
	}

	/** A browser that showed `ticket` is at terminal `name` until its socket closes. */
	accept(socket: WebSocket, name: string, ticket: Ticket): void {
		const { user, access } = ticket;
		const own = [...this.#connections].filter(({ person }) => person.id === user.id).length;
		if (this.#closed) {
			socket.close(TERMINAL_CLOSE.notReady.code, TERMINAL_CLOSE.notReady.reason);
			return;
		}
		if (this.#connections.size >= CONNECTIONS_MAX || own >= CONNECTIONS_EACH) {
			socket.close(TERMINAL_CLOSE.tooMany.code, TERMINAL_CLOSE.tooMany.reason);
			return;
		}
		const person = { id: user.id, name: user.name };
		const connection = new Connection(socket, this.#terminal(name), { person, access });
		this.#connections.add(connection);
		socket.once('close', () => this.#connections.delete(connection));
	}

	/** Closes every browser's socket; the shells stay, held by the agent. */
	close(reason: 'notReady' | 'shutdown' | 'noSandbox'): void {
		this.#closed = true;
		this.#options.link.off('connected', this.#connected);
		this.#options.link.off('disconnected', this.#disconnected);
		for (const connection of this.#connections) connection.close(TERMINAL_CLOSE[reason]);
		for (const terminal of this.#terminals.values()) terminal.feed.dispose();
	}

	/** Terminals begin when someone first looks at them. */
	#terminal(name: string): SharedTerminal {
		const known = this.#terminals.get(name);
		if (known) return known;
		const { owner, log } = this.#options;
		const terminal = new SharedTerminal(name, owner, this.#options, log);
		this.#terminals.set(name, terminal);
		if (this.#agent) this.#attach(terminal, this.#agent);
		return terminal;
	}

	#attach(terminal: SharedTerminal, { client, boot }: { client: AgentClient; boot: string }): void {
		terminal.feed.connect(client, boot).catch((error: unknown) => {
			this.#options.log('a terminal could not be attached', { error: String(error) });
			// The link connects again, and every terminal is attached anew.
			client.close();
		});
	}

	#connected = (client: AgentClient, { boot }: { boot: string }): void => {
		this.#agent = { client, boot };
		for (const terminal of this.#terminals.values()) this.#attach(terminal, this.#agent);
	};

	#disconnected = (): void => {
		this.#agent = undefined;
		for (const terminal of this.#terminals.values()) terminal.feed.disconnect();
	};
}
