// What sync speaks over a WebSocket at /<room>: the y-websocket protocol, and two additions of ours.
//
// Every frame is binary and starts with a varUint (lib0) message type:
//   0 sync            varUint step (0 step 1: state vector, 1 step 2: update, 2 update), varUint8Array
//   1 awareness       varUint8Array (y-protocols awareness update)
//   2 auth            varUint 0 (permission denied), varString reason
//   3 query awareness (empty)
//   100 durable       varUint N — ours, server → client
//   101 ticket        (empty) — ours, server → client; varString ticket — client → server
//
// `durable N`: the first N document frames (type 0, step 1 or 2 of the table above) that this client
// sent on this connection are in Postgres. Frames that changed nothing count too; they are
// acknowledged in their order. Sent only to clients that connect with `?ack=1`: a stock client
// prints an error for each message type that it doesn't know.
//
// `ticket`: the server asks for another one, at each heartbeat of the last minute before this one's
// time is over, clients that connect with `?renew=1`. Any client may send one whenever it has one: for
// the same user and room, it takes the place of the one that the connection came with.

import { z } from 'zod';

export const MESSAGE = {
	sync: 0,
	awareness: 1,
	auth: 2,
	queryAwareness: 3,
	durable: 100,
	ticket: 101,
} as const;

export const SYNC_STEP = { step1: 0, step2: 1, update: 2 } as const;

/** The query parameter with which a client announces that it understands `durable`. */
export const ACK_PARAMETER = 'ack';

/** With which it announces that it renews its ticket when it is asked to. */
export const RENEW_PARAMETER = 'renew';

/**
 * Named close codes. y-websocket's client never reconnects after 4400–4499 and always after
 * others, so 44xx is final and 45xx is transient.
 */
export const CLOSE = {
	malformed: { code: 4400, reason: 'malformed-frame' },
	unauthorized: { code: 4401, reason: 'unauthorized' },
	revoked: { code: 4403, reason: 'revoked' },
	unknownRoom: { code: 4404, reason: 'unknown-room' },
	tooLarge: { code: 4413, reason: 'too-large' },
	tooCostly: { code: 4422, reason: 'too-costly' },
	damaged: { code: 4424, reason: 'room-damaged' },
	tooMany: { code: 4529, reason: 'too-many' },
	tooSlow: { code: 4508, reason: 'too-slow' },
	unavailable: { code: 4503, reason: 'storage-unavailable' },
	moved: { code: 4509, reason: 'room-moved' },
	shutdown: { code: 4501, reason: 'shutting-down' },
	/** The socket's ticket ended or a claim changed: come back with a fresh one. */
	recheck: { code: 4510, reason: 'recheck' },
} as const;

/** Bounds; what each protects is in docs/contracts.md. Bytes unless the name says otherwise. */
export const SYNC_LIMITS = {
	frame: 4 * 1024 * 1024,
	document: 24 * 1024 * 1024,
	awarenessEntry: 8 * 1024,
	awarenessPerConnection: 4,
	/** Unsent bytes per client before it is closed as too slow. */
	outbound: 16 * 1024 * 1024,
	/** Bytes accepted but not yet durable, per room, while Postgres is away. */
	unsavedPerRoom: 8 * 1024 * 1024,
	/** Every client hears something at least this often (ms): the stock client hangs up after 30 s. */
	heartbeatMs: 15_000,
} as const;

/** `POST /rooms/<room>/revoke`: close this user's sockets now; `null` closes everyone's. */
export const RevokeRequest = z.object({ userId: z.string().nullable(), final: z.boolean() });
export type RevokeRequest = z.infer<typeof RevokeRequest>;

/**
 * `POST /rooms/<room>/fold`: what was written before is folded into one state, and who wrote it forgotten.
 */
export const FoldRequest = z.object({ before: z.iso.datetime() });
export type FoldRequest = z.infer<typeof FoldRequest>;
/** Its answer: the bytes of the log that this took away; 0 also when the log is damaged. */
export const FoldAnswer = z.object({ bytes: z.number().int() });
export type FoldAnswer = z.infer<typeof FoldAnswer>;

/** `GET /rooms/<room>/snapshot?after=<seq>`: the body is the state as one Yjs update. */
export const SNAPSHOT_SEQ_HEADER = 'x-containrlab-seq';
/** `POST /rooms/<room>/updates`: whose edit it is; the body is one Yjs update. 200 = durable. */
export const AUTHOR_HEADER = 'x-containrlab-author';
