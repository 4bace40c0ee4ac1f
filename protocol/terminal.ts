// What passes over a terminal's WebSocket, `/terminal/<workspace>/<terminal>` (terminal: "1", "2", …).
//
// Binary frames are raw bytes of the pseudo-terminal: input upwards, output downwards.
// Text frames are JSON, one of the messages below. Input, resize and other driver's acts from a
// connection that isn't the driver's are refused in runnerd, whatever the page shows.

import { z } from 'zod';
import { Person } from './events.ts';

const size = { cols: z.number().int().min(2).max(500), rows: z.number().int().min(1).max(300) };

/** A workspace has eight at most; the first is "1", as is the only one of a new sandbox. */
export const TerminalName = z.string().regex(/^[1-8]$/);
export const TERMINALS_MAX = 8;

/**
 * What a browser's terminal says by itself, a frame for each: answers to a program's questions
 * (attributes, cursor, modes, colours, size), and that it has the focus. Keys and pasted text look
 * otherwise, but for Ctrl+F3. Of a driver's windows only the one typed into last is heard.
 */
export const TERMINAL_REPORT = /^\x1b(?:\[[?>]?[\d;]*\$?[cnRtyIO]$|[P\]].)/s;

/** Browser → runnerd. */
export const TerminalRequest = z.discriminatedUnion('type', [
	/** A window of the driver's; the one typed into last gives the size, all others follow it. */
	z.object({ type: z.literal('resize'), ...size }),
	/**
	 * Bytes of binary frames written to the screen so far on this connection (snapshots don't
	 * count): lets runnerd skip frames for slow ones. Send it at least every 256 KiB.
	 */
	z.object({ type: z.literal('ack'), bytes: z.number().int().nonnegative() }),
	/** The driver hears the screen read aloud: builds print lines instead of redrawing. */
	z.object({ type: z.literal('plain'), on: z.boolean() }),
	/** Is anybody there? Answered by `pong`: a page can't see the socket's own heartbeat. */
	z.object({ type: z.literal('ping') }),
	/** Ask to type; needs a write ticket. */
	z.object({ type: z.literal('ask-control') }),
	/** The owner or driver hands over, or answers an ask. */
	z.object({ type: z.literal('grant-control'), to: z.string() }),
	/** The owner takes the keyboard back. */
	z.object({ type: z.literal('take-back') }),
	/** The owner wants another shell beside these; answered by `opened`. */
	z.object({ type: z.literal('open-terminal') }),
	/** The owner ends a terminal's shell; answered by `busy` while programs run in it, unless `sure`. */
	z.object({ type: z.literal('close-terminal'), terminal: TerminalName, sure: z.boolean() }),
]);
export type TerminalRequest = z.infer<typeof TerminalRequest>;

/** runnerd → browser. */
export const TerminalMessage = z.discriminatedUnion('type', [
	/**
	 * Reset, resize to these, and write `data`: the screen and its scrollback as escape sequences.
	 * What the page's terminal answers while it writes this must not be sent: it was answered before.
	 */
	z.object({ type: z.literal('snapshot'), data: z.string(), ...size }),
	/** Who drives, who watches, how large; whenever it changes. */
	z.object({
		type: z.literal('state'),
		driver: Person.nullable(),
		watchers: z.array(Person),
		asking: z.array(Person),
		/** Whether this connection may type. */
		driving: z.boolean(),
		/** All of the workspace. */
		terminals: z.array(TerminalName),
		...size,
	}),
	/**
	 * An act was refused; input that isn't the driver's is dropped and answered once with this, and so
	 * is the driver's when nobody reads what was typed before it (`input-full`).
	 */
	z.object({
		type: z.literal('refused'),
		code: z.enum([
			...(['not-driver', 'not-allowed', 'malformed', 'too-many', 'last', 'not-ready'] as const),
			'input-full',
		]),
	}),
	/** Unasked, too, while what the page sends isn't read. */
	z.object({ type: z.literal('pong') }),
	/** The shell ended; a new one starts at once under the same terminal. */
	z.object({ type: z.literal('restarted') }),
	/** The one asked for; it is among the `terminals` of the next `state`, too. */
	z.object({ type: z.literal('opened'), terminal: TerminalName }),
	/** It was not closed: these programs run in it. */
	z.object({
		type: z.literal('busy'),
		terminal: TerminalName,
		programs: z.array(z.string().max(64)).max(8),
	}),
	/** There is no such terminal (any more), but there are these; the socket is closed after it. */
	z.object({ type: z.literal('ended'), terminals: z.array(TerminalName) }),
]);
export type TerminalMessage = z.infer<typeof TerminalMessage>;

/** Close codes: 44xx final, 45xx come back (as in protocol/sync.ts). */
export const TERMINAL_CLOSE = {
	unauthorized: { code: 4401, reason: 'unauthorized' },
	revoked: { code: 4403, reason: 'revoked' },
	ended: { code: 4410, reason: 'ended' },
	noSandbox: { code: 4404, reason: 'no-sandbox' },
	malformed: { code: 4400, reason: 'malformed-frame' },
	notReady: { code: 4503, reason: 'not-ready' },
	tooSlow: { code: 4508, reason: 'too-slow' },
	tooMany: { code: 4529, reason: 'too-many' },
	shutdown: { code: 4501, reason: 'shutting-down' },
	/** The ticket ended on its way: come back with a fresh one. */
	recheck: { code: 4510, reason: 'recheck' },
} as const;
