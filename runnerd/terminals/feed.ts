// One terminal as the agent tells it: its stream parsed in order into the screen, and typed into.
//
// Everything that happens to the screen passes one queue, one item at a time: output, sizes,
// snapshots. A snapshot taken in the queue's turn is exactly what the output before it made, and the
// agent's window opens only by what was parsed, so that this queue stays short.

import { z } from 'zod';
import type { AgentClient, AgentLog } from '../agent/client.ts';
import { Input } from './input.ts';
import { Screen } from './screen.ts';
import { StringLimit } from './string-limit.ts';

/** An agent keeps to its window of 256 KiB; one that sends more than this is cut. */
const UNPARSED_MAX = 4 * 1024 * 1024;
const UNDONE_MAX = 5000;
/** Parsed at once, so that a flood of small pieces costs few turns. */
const PARSE_AT_ONCE = 256 * 1024;
/** After a gap the stream begins anywhere, mostly within a line: it is shown from the next one. */
const PARTIAL_LINE_MAX = 4096;
const DEFAULT_SIZE = { cols: 80, rows: 24 };

const natural = z.number().int().nonnegative();
const size = { cols: z.number().int().min(2).max(500), rows: z.number().int().min(1).max(300) };
const From = z.object({
	offset: natural,
	gap: z.boolean(),
	end: natural,
	shell: natural,
	...size,
});
const Output = z.object({ offset: natural });
const Size = z.object(size);
const Shell = z.object({ shell: natural });

export interface FeedListener {
	/** Bytes that the screen now shows. */
	output(data: Uint8Array): void;
	/** The screen was cleared or jumped: everyone needs a snapshot. */
	jumped(): void;
	resized(): void;
	/** A new shell is there under the same name. */
	restarted(): void;
}

type Item =
	{ kind: 'output'; data: Buffer; attachment: Attachment } | { kind: 'act'; act: () => void };

interface Attachment {
	client: AgentClient;
	parsed: number;
}

export class Feed {
	readonly name: string;
	readonly screen = new Screen(DEFAULT_SIZE.cols, DEFAULT_SIZE.rows);
	readonly input: Input;
	#listener: FeedListener;
	#log: AgentLog;
	#attachment: Attachment | undefined;
	#boot: string | undefined;
	#queue: Item[] = [];
	#unparsed = 0;
	#busy = false;
	/** Offset of the next byte from the agent. */
	#expected = 0;
	/** Offset of the next byte of the screen. */
	#shown = 0;
	/** What had been printed before we came; joiners wait until it is on the screen. */
	#history: { end: number | undefined; waiting: (() => void)[] } | undefined = {
		end: undefined,
		waiting: [],
	};
	#shell: number | undefined;
	#skippingLine = 0;
	#strings = new StringLimit();
	/** Of the terminal, where the screen doesn't have it yet. */
	#size: { cols: number; rows: number } | undefined;
	#wantedSize: { cols: number; rows: number } | undefined;

	constructor(name: string, listener: FeedListener, log: AgentLog) {
		this.name = name;
		this.#listener = listener;
		this.#log = log;
		this.input = new Input(name, log);
	}

	/** Goes on from where the stream stopped, or from the beginning when `boot` is another agent. */
	async connect(client: AgentClient, boot: string): Promise<void> {
		if (this.#boot !== undefined && this.#boot !== boot) this.#begin();
		this.#boot = boot;
		const attachment = { client, parsed: 0 };
		this.#attachment = attachment;
		this.#listen(client, attachment);
		const terminal = this.name;
		const window = this.#wantedSize ?? { cols: this.screen.cols, rows: this.screen.rows };
		const opened = await client.request('terminal.open', { terminal, ...window });
		if (!opened.ok) throw new Error(`terminal.open: ${opened.code}`);
		const attached = await client.request('terminal.attach', { terminal, from: this.#expected });
		if (!attached.ok) throw new Error(`terminal.attach: ${attached.code}`);
		if (this.#wantedSize) client.notify('terminal.resize', { terminal, ...this.#wantedSize });
		this.input.connect(client);
	}

	disconnect(): void {
		this.#attachment = undefined;
		this.input.disconnect();
	}

	resize(cols: number, rows: number): void {
		this.#wantedSize = { cols, rows };
		this.#attachment?.client.notify('terminal.resize', { terminal: this.name, cols, rows });
	}

	/** Whether docker prints progress as lines; lasts in the sandbox. */
	plain(on: boolean): void {
		this.#attachment?.client.notify('terminal.plain', { on });
	}

	/** Whether what it shows from now on is new: at first comes what was printed before we came. */
	get live(): boolean {
		return this.#history === undefined;
	}

	/** Calls `act` between two pieces of output, once the screen shows what was printed so far. */
	whenStill(act: () => void): void {
		this.#act(() => {
			this.#settleSize();
			if (this.#history) this.#history.waiting.push(act);
			else act();
		});
	}

	dispose(): void {
		this.disconnect();
		this.#queue = [];
		this.#act(() => this.screen.dispose());
	}

	#listen(client: AgentClient, attachment: Attachment): void {
		const on = <T>(ev: string, schema: z.ZodType<T>, take: (header: T, body: Buffer) => void) =>
			client.on(ev, (raw, body) => {
				if (raw['terminal'] !== this.name || this.#attachment !== attachment) return;
				const header = schema.safeParse(raw);
				if (header.success) take(header.data, body);
				else this.#log('dropped a malformed terminal event', { ev });
			});
		on('terminal.from', From, (from) => this.#from(from));
		on('terminal.output', Output, ({ offset }, data) => this.#output(offset, data, attachment));
		on('terminal.size', Size, ({ cols, rows }) => this.#act(() => (this.#size = { cols, rows })));
		on('terminal.shell', Shell, ({ shell }) => this.#act(() => this.#newShell(shell)));
	}

	/** Another agent: another stream, other shells. */
	#begin(): void {
		this.#expected = 0;
		this.input.clear();
		this.#act(() => {
			this.#clear();
			this.#shell = undefined;
			this.#listener.jumped();
			this.#listener.restarted();
		});
	}

	#from({ offset, gap, end, shell, cols, rows }: z.infer<typeof From>): void {
		this.#expected = offset;
		this.#act(() => {
			this.#shown = offset;
			this.#size = { cols, rows };
			this.#settleSize();
			this.#newShell(shell);
			if (gap) {
				this.#clear();
				this.#skippingLine = offset > 0 ? PARTIAL_LINE_MAX : 0;
				if (!this.#history) this.#listener.jumped();
			}
			if (this.#history) this.#history.end ??= end;
			this.#endHistory();
		});
	}

	#clear(): void {
		this.screen.reset();
		this.#strings.clear();
	}

	#endHistory(): void {
		const history = this.#history;
		if (history?.end === undefined || this.#shown < history.end) return;
		this.#history = undefined;
		for (const act of history.waiting) act();
	}

	#output(offset: number, data: Buffer, attachment: Attachment): void {
		this.#unparsed += data.length;
		if (offset !== this.#expected || this.#unparsed > UNPARSED_MAX) {
			this.#log('an agent broke the order of a terminal', { offset, expected: this.#expected });
			attachment.client.close();
			return;
		}
		this.#expected += data.length;
		this.#push({ kind: 'output', data, attachment });
	}

	/**
	 * Resizing costs milliseconds when much has scrolled by, so of many sizes in a row only the last
	 * is taken.
	 */
	#settleSize(): void {
		const size = this.#size;
		this.#size = undefined;
		if (!size || (size.cols === this.screen.cols && size.rows === this.screen.rows)) return;
		this.screen.resize(size.cols, size.rows);
		this.#listener.resized();
	}

	#newShell(shell: number): void {
		const before = this.#shell;
		this.#shell = shell;
		if (before !== undefined && before !== shell) this.#listener.restarted();
	}

	#act(act: () => void): void {
		this.#push({ kind: 'act', act });
	}

	#push(item: Item): void {
		if (this.#queue.length > UNDONE_MAX) this.#attachment?.client.close();
		this.#queue.push(item);
		if (!this.#busy) this.#work();
	}

	/** Runs acts until output has to be parsed; its end calls this again. */
	#work(): void {
		this.#busy = true;
		for (let item = this.#queue.shift(); item; item = this.#queue.shift()) {
			if (item.kind === 'output') {
				this.#settleSize();
				this.#parse(this.#withFollowing(item.data, item.attachment), item.attachment);
				return;
			}
			item.act();
		}
		this.#settleSize();
		this.#busy = false;
	}

	#withFollowing(data: Buffer, attachment: Attachment): Buffer {
		const pieces = [data];
		let length = data.length;
		for (let next = this.#queue[0]; next?.kind === 'output'; next = this.#queue[0]) {
			if (next.attachment !== attachment || length > PARSE_AT_ONCE) break;
			pieces.push(next.data);
			length += next.data.length;
			this.#queue.shift();
		}
		return pieces.length === 1 ? data : Buffer.concat(pieces);
	}

	#parse(data: Buffer, attachment: Attachment): void {
		const shown = this.#strings.pass(this.#fromLineStart(data));
		this.screen.write(shown, () => {
			this.#unparsed -= data.length;
			this.#shown += data.length;
			attachment.parsed += data.length;
			if (attachment === this.#attachment) {
				const bytes = attachment.parsed;
				attachment.client.notify('terminal.ack', { terminal: this.name, bytes });
			}
			this.#listener.output(shown);
			this.#endHistory();
			this.#work();
		});
	}

	#fromLineStart(data: Buffer): Buffer {
		if (this.#skippingLine === 0) return data;
		const newline = data.indexOf(0x0a);
		if (newline === -1 && data.length < this.#skippingLine) {
			this.#skippingLine -= data.length;
			return data.subarray(data.length);
		}
		this.#skippingLine = 0;
		return data.subarray(newline + 1);
	}
}
