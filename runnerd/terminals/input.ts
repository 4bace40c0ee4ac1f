// What was typed into one terminal and isn't in it yet: in order, bounded, never typed twice.

import { AgentUnavailable, type AgentClient, type AgentLog } from '../agent/client.ts';

/** Waiting beyond this: the sockets it comes from are read no further, while anything is taken. */
const BACKLOG = 256 * 1024;
const PIECE = 16 * 1024;
/** Before a terminal that reads nothing is asked again. */
const FULL_MS = 100;
/** When it took nothing for so long nobody reads it: what else is typed is heard again, and dropped. */
const STUCK_MS = 2000;
/** Ctrl-C, Ctrl-\ and Ctrl-Z, typed and not within what was pasted. */
const INTERRUPTS = [0x03, 0x1c, 0x1a];
const KEYS_MAX = 16;
const interrupts = (data: Buffer): boolean =>
	data.length <= KEYS_MAX && INTERRUPTS.some((key) => data.includes(key));

export class Input {
	/** Hears that there is room again. */
	onDrained: () => void = () => {};
	#terminal: string;
	#log: AgentLog;
	#client: AgentClient | undefined;
	#waiting: Buffer = Buffer.alloc(0);
	#pumping = false;
	/** Since when the terminal takes nothing. */
	#fullSince: number | undefined;
	/** Grows when what waits is thrown away, so that nothing of it returns. */
	#cleared = 0;

	constructor(terminal: string, log: AgentLog) {
		this.#terminal = terminal;
		this.#log = log;
	}

	/** Whether to read on what is typed: a paste waits, but Ctrl-C must be heard. */
	get full(): boolean {
		return this.#waiting.length > BACKLOG && !this.#stuck;
	}

	get #stuck(): boolean {
		return this.#fullSince !== undefined && performance.now() - this.#fullSince > STUCK_MS;
	}

	/** False when it was dropped: so much waits already, and nobody reads it. */
	type(data: Buffer): boolean {
		// Meant for now, not for after all that was pasted.
		if (interrupts(data)) this.clear();
		if (this.#stuck && this.#waiting.length > BACKLOG) return false;
		this.#waiting = this.#waiting.length > 0 ? Buffer.concat([this.#waiting, data]) : data;
		void this.#pump();
		return true;
	}

	clear(): void {
		this.#waiting = Buffer.alloc(0);
		this.#cleared += 1;
		this.onDrained();
	}

	connect(client: AgentClient): void {
		this.#client = client;
		void this.#pump();
	}

	disconnect(): void {
		this.#client = undefined;
	}

	async #pump(): Promise<void> {
		if (this.#pumping) return;
		this.#pumping = true;
		try {
			while (this.#client && this.#waiting.length > 0) await this.#send(this.#client);
		} finally {
			this.#pumping = false;
		}
	}

	async #send(client: AgentClient): Promise<void> {
		const cleared = this.#cleared;
		const piece = this.#waiting.subarray(0, PIECE);
		// Taken before the answer: if that is lost, the piece may have been typed all the same.
		this.#waiting = this.#waiting.subarray(piece.length);
		try {
			const header = { terminal: this.#terminal };
			const reply = await client.request('terminal.input', header, piece);
			const isFull = !reply.ok && reply.code === 'input-full';
			if (!isFull) this.#fullSince = undefined;
			else {
				this.#fullSince ??= performance.now();
				await new Promise((resolve) => setTimeout(resolve, FULL_MS));
				if (cleared === this.#cleared) this.#waiting = Buffer.concat([piece, this.#waiting]);
			}
		} catch (error) {
			if (!(error instanceof AgentUnavailable)) throw error;
			this.#log('input was lost', { terminal: this.#terminal, bytes: piece.length });
			if (this.#client === client) this.#client = undefined;
		}
		if (!this.full) this.onDrained();
	}
}
