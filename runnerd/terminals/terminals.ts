// The terminals of one workspace's sandbox, and the browsers at them. The agent has the list: it
// outlives runnerd with the shells. Only the owner opens terminals and ends them.

import { z } from 'zod';
import type { Person } from '@containrlab/protocol/events.ts';
import {
	TERMINAL_CLOSE,
	TERMINALS_MAX,
	TerminalName,
	type TerminalMessage,
} from '@containrlab/protocol/terminal.ts';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import type { WebSocket } from 'ws';
import {
	AgentUnavailable,
	type AgentClient,
	type AgentLink,
	type AgentLog,
} from '../agent/client.ts';
import { Connection } from './connection.ts';
import {
	SharedTerminal,
	type ListRequest,
	type TerminalCallbacks,
	type Viewer,
} from './shared-terminal.ts';

/** Browsers at one workspace's terminals: a class may watch a demonstration, not flood it. */
const CONNECTIONS_MAX = 128;
/** Of one person: many tabs with many terminals, but never everybody's places. */
const CONNECTIONS_EACH = 24;
const FIRST = '1';

const Listed = z.object({ terminals: z.array(TerminalName).max(TERMINALS_MAX) });

export interface TerminalsOptions extends TerminalCallbacks {
	link: AgentLink;
	/** Whose workspace it is: drives unless they hand over. */
	owner: Person;
	log: AgentLog;
	onEnded(terminal: string): void;
}

interface Agent {
	client: AgentClient;
	boot: string;
}

export class Terminals {
	#options: TerminalsOptions;
	#terminals = new Map<string, SharedTerminal>();
	#connections = new Set<Connection>();
	/** Once it has said which terminals it has. */
	#agent: Agent | undefined;
	#listed = false;
	#closed = false;

	constructor(options: TerminalsOptions) {
		this.#options = options;
		options.link.on('connected', this.#connected);
		options.link.on('disconnected', this.#disconnected);
		const { client, boot } = options.link;
		if (client && boot !== undefined) this.#connected(client, { boot });
	}

	get names(): string[] {
		return [...this.#terminals.keys()].sort();
	}

	/** A browser that showed `ticket` is at terminal `name` until its socket closes. */
	accept(socket: WebSocket, name: string, ticket: Ticket): void {
		const { user, access } = ticket;
		const own = [...this.#connections].filter(({ person }) => person.id === user.id).length;
		// Until the agent has spoken nobody knows the others; the first is there nearly always.
		if (this.#closed || (!this.#listed && name !== FIRST)) {
			socket.close(TERMINAL_CLOSE.notReady.code, TERMINAL_CLOSE.notReady.reason);
			return;
		}
		if (this.#connections.size >= CONNECTIONS_MAX || own >= CONNECTIONS_EACH) {
			socket.close(TERMINAL_CLOSE.tooMany.code, TERMINAL_CLOSE.tooMany.reason);
			return;
		}
		const terminal = this.#listed ? this.#terminals.get(name) : this.#terminal(name);
		if (!terminal) {
			const ended: TerminalMessage = { type: 'ended', terminals: this.names };
			socket.send(JSON.stringify(ended));
			socket.close(TERMINAL_CLOSE.ended.code, TERMINAL_CLOSE.ended.reason);
			return;
		}
		const person = { id: user.id, name: user.name };
		const connection = new Connection(socket, terminal, { person, access });
		this.#connections.add(connection);
		socket.once('close', () => this.#connections.delete(connection));
	}

	/** Closes every browser's socket; the shells stay, held by the agent. */
	close(reason: 'notReady' | 'shutdown' | 'noSandbox'): void {
		this.#closed = true;
		this.#options.link.off('connected', this.#connected);
		this.#options.link.off('disconnected', this.#disconnected);
		for (const connection of this.#connections) connection.close(TERMINAL_CLOSE[reason]);
		for (const terminal of this.#terminals.values()) terminal.dispose();
	}

	#asked = async (viewer: Viewer, request: ListRequest): Promise<void> => {
		const refuse = (code: Extract<TerminalMessage, { type: 'refused' }>['code']) =>
			viewer.outlet.answer({ type: 'refused', code });
		if (viewer.access !== 'write' || viewer.person.id !== this.#options.owner.id) {
			return refuse('not-allowed');
		}
		if (!this.#agent) return refuse('not-ready');
		if (request.type === 'close-terminal') return this.#end(viewer, request, this.#agent.client);
		const names = Array.from({ length: TERMINALS_MAX }, (_, index) => String(index + 1));
		const free = names.find((name) => !this.#terminals.has(name));
		if (free === undefined) return refuse('too-many');
		this.#attach(this.#terminal(free), this.#agent);
		this.#tell();
		viewer.outlet.answer({ type: 'opened', terminal: free });
	};

	async #end(
		viewer: Viewer,
		{ terminal, sure }: Extract<ListRequest, { type: 'close-terminal' }>,
		client: AgentClient,
	): Promise<void> {
		const reply = await client.request('terminal.close', { terminal, sure });
		if (reply.ok || reply.code === 'no-terminal') return this.#ended([terminal]);
		if (reply.code === 'busy') {
			const programs = programsIn(reply.message);
			viewer.outlet.answer({ type: 'busy', terminal, programs });
		} else viewer.outlet.answer({ type: 'refused', code: 'last' });
	}

	#ended(names: string[]): void {
		for (const name of names) {
			const terminal = this.#terminals.get(name);
			this.#terminals.delete(name);
			terminal?.end();
			if (terminal) this.#options.onEnded(name);
		}
		this.#tell();
	}

	#tell(): void {
		for (const terminal of this.#terminals.values()) terminal.tellState();
	}

	#terminal(name: string): SharedTerminal {
		const known = this.#terminals.get(name);
		if (known) return known;
		const names = () => this.names;
		const { log } = this.#options;
		const terminal = new SharedTerminal(name, this.#options, {
			get names() {
				return names();
			},
			asked: (viewer, request) => {
				this.#asked(viewer, request).catch((error: unknown) => {
					if (!(error instanceof AgentUnavailable))
						log('a request failed', { error: String(error) });
					viewer.outlet.answer({ type: 'refused', code: 'not-ready' });
				});
			},
		});
		this.#terminals.set(name, terminal);
		return terminal;
	}

	#attach(terminal: SharedTerminal, { client, boot }: Agent): void {
		terminal.feed.connect(client, boot).catch((error: unknown) => {
			if (!this.#terminals.has(terminal.name)) return;
			this.#options.log('a terminal could not be attached', { error: String(error) });
			// The link connects again, and every terminal is attached anew.
			client.close();
		});
	}

	#connected = (client: AgentClient, { boot }: { boot: string }): void => {
		this.#list(client, boot).catch((error: unknown) => {
			this.#options.log('the terminals could not be listed', { error: String(error) });
			client.close();
		});
	};

	/** What the agent has, is; one that has none yet begins with what there was, or with one. */
	async #list(client: AgentClient, boot: string): Promise<void> {
		const reply = await client.request('terminal.list');
		if (this.#closed || this.#options.link.client !== client) return;
		// An agent of before there were lists has what it is asked for.
		const { terminals } = reply.ok ? Listed.parse(reply.header) : { terminals: [FIRST] };
		const agent = (this.#agent = { client, boot });
		this.#listed = true;
		for (const name of terminals) this.#terminal(name);
		if (terminals.length > 0) {
			this.#ended(this.names.filter((name) => !terminals.includes(name)));
		} else if (this.#terminals.size === 0) this.#terminal(FIRST);
		for (const terminal of this.#terminals.values()) this.#attach(terminal, agent);
		this.#tell();
	}

	#disconnected = (): void => {
		this.#agent = undefined;
		for (const terminal of this.#terminals.values()) terminal.feed.disconnect();
	};
}

/** As an agent said it, which a student may have written. */
function programsIn(message: string): string[] {
	const names = message.split(',').map((name) => name.replace(/\p{C}/gu, '').slice(0, 64));
	return names.filter((name) => name !== '').slice(0, 8);
}
