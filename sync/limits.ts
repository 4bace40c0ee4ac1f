// Bounds of sync's own that no client needs to know; those that clients share are SYNC_LIMITS.

export const LIMITS = {
	/** Bytes of a room that wait for something that never came; Yjs goes through them at each edit. */
	pending: 16 * 1024,
	/** Client ids whose structs a room has seen: a page that writes brings one with it. */
	clientIds: 50_000,
	/** Frames that a connection may send at once, and per second; who sends more is read later. */
	frames: { atOnce: 60_000, perSecond: 2000 },
	/** Bytes of a connection in a turn of the event loop, after which the others come first. */
	turnBytes: 128 * 1024,
	/**
	 * How long an edit waits for others' to go out with: for each who hears of it, and at most (ms); unless
	 * nobody heard of any for so many times as long, or so many bytes came.
	 */
	pace: { msPerMember: 0.03, mostMs: 20, pause: 4, bytes: 16 * 1024 },
	/** Keys that a document may be behind its room, and steps (cost.ts) that each of them may cost. */
	trailing: { keys: 64, steps: 16 },
	/** Entries of one awareness message: a stock client repeats everyone's at once. */
	awarenessEntries: 4096,
	/** Steps (cost.ts) that a connection may cost at once, and per second; more is tried out first. */
	steps: { atOnce: 200_000, perSecond: 200_000 },
	/**
	 * What an update may take in a trial (ms): of a core, for each byte, and until it is given up. For so
	 * long its sender's others are refused untried.
	 */
	trialMs: { cpu: 60, perByte: 0.001, wall: 3000, refused: 60_000 },
	/** Bytes of awareness of one user in one room, in all their tabs. */
	awarenessPerUser: 64 * 1024,
	/** Connections of one room, and of one user in it. */
	roomConnections: 1000,
	userConnections: 40,
	/** Sockets of the whole process. */
	connections: 10_000,
	/** Frames that wait while one of the same connection is tried out. */
	heldBytes: 8 * 1024 * 1024,
	/** Bytes that wait for the store in all rooms together; so many a room may always have. */
	unsaved: 256 * 1024 * 1024,
	unsavedAlways: 64 * 1024,
	/** From here on who sends into a room isn't read until the store has caught up. */
	unsavedPressing: 2 * 1024 * 1024,
	/** Bytes and rows of one group commit. */
	commitBytes: 4 * 1024 * 1024,
	commitRows: 5000,
	/** From the beginning of one to that of the next, at least (ms); after a pause it begins at once. */
	commitEveryMs: 20,
	/** How long an acknowledgement waits for something else that goes to the same client (ms). */
	acknowledgeMs: 200,
	/** A commit unanswered for so long (ms) counts as a lost connection. */
	commitMs: 15_000,
	/** Pauses between tries while Postgres is away (ms). */
	retryMs: { first: 50, most: 1000 },
	/** Between looks whether rooms are still ours (ms): one in which nobody types hears of it so. */
	heldMs: 5000,
	/** Rows, or bytes and a quarter of the state's, after which that is stored so that loading is short. */
	snapshotRows: 500,
	snapshotBytes: 256 * 1024,
	/** Bytes of a room's log from which on its oldest rows are folded, down to so many; at the most. */
	log: { bytes: 256 * 1024 * 1024, kept: 128 * 1024 * 1024, most: 384 * 1024 * 1024 },
	/** What a fold may take: time, and memory of its process. */
	fold: { ms: 120_000, heapMb: 512, retryMs: 60_000 },
	/** How long a room that nobody is in stays loaded (ms). */
	idleMs: 30_000,
	/** How long a revocation is remembered (ms): longer than a browser's ticket lives. */
	revocationMs: 5 * 60_000,
	/** Who is refused again waits for it, up to so long; so many at a time, and so many are known. */
	refusals: { mostMs: 2000, forgetMs: 60_000, waiting: 1000, known: 10_000 },
	/** Before a ticket's time is over its holder is asked for another (s). */
	renewSeconds: 60,
	/** Time for a closing handshake before the socket is cut (ms). */
	closeMs: 3000,
	/** Time to save everything when told to end (ms). */
	drainMs: 15_000,
} as const;
