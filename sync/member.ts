// A connection as its room sees it, and what it may cost.

import type { CLOSE } from '@containrlab/protocol/sync.ts';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import type { Speaker } from './awareness.ts';
import { LIMITS } from './limits.ts';
import type { Decoded } from './update.ts';

export type Close = (typeof CLOSE)[keyof typeof CLOSE];

/** A connection, as a room sees it. */
export interface Peer {
	readonly ticket: Ticket;
	/** Whether it understands `durable`. */
	readonly acks: boolean;
	/** Queues a message; all of a turn are written at once. */
	send(message: Uint8Array): void;
	/** So many of its document frames are durable; told soon, with what else it is sent. */
	acknowledge(count: number): void;
	close(close: Close): void;
}

/** A peer in a room. */
export interface Member extends Speaker {
	readonly peer: Peer;
	/** Its state vector, when it asked for the state in this turn. */
	asked: Uint8Array | undefined;
	/** Whether it asked in this turn who is here. */
	asksWho: boolean;
	/** Whether it has been given the state, so that it can follow edits. */
	following: boolean;
	/** Document frames of it that were worked off, in their order. */
	done: number;
	/** While one of its updates is tried out: that one and those behind it. */
	held: { items: Incoming[]; bytes: number } | undefined;
	/** Steps that it may still cost, as of `stepsAt` (ms). */
	steps: number;
	stepsAt: number;
	gone: boolean;
}

/** An update that waits for its turn. */
export interface Incoming {
	/** Undefined for an edit that came over HTTP. */
	member: Member | undefined;
	userId: string;
	update: Decoded;
	/** Tried out, and found to be cheap enough. */
	tried: boolean;
}

export function newMember(peer: Peer): Member {
	return {
		peer,
		user: peer.ticket.user,
		clients: new Set(),
		heard: false,
		asked: undefined,
		asksWho: false,
		following: false,
		done: 0,
		held: undefined,
		steps: LIMITS.steps.atOnce,
		stepsAt: performance.now(),
		gone: false,
	};
}

/** Pays for an update from what the member may cost; false when that isn't enough. */
export function pay(member: Member, estimate: (limit: number) => number): boolean {
	const { atOnce, perSecond } = LIMITS.steps;
	const now = performance.now();
	member.steps = Math.min(atOnce, member.steps + ((now - member.stepsAt) * perSecond) / 1000);
	member.stepsAt = now;
	const steps = estimate(member.steps);
	if (steps > member.steps) return false;
	member.steps -= steps;
	return true;
}

/** One row of the log for each connection; what came over HTTP makes rows of its own. */
export function groupByMember(incoming: readonly Incoming[]): Incoming[][] {
	const rows = new Map<Member | Incoming, Incoming[]>();
	for (const item of incoming) {
		const key = item.member ?? item;
		const row = rows.get(key);
		if (row) row.push(item);
		else rows.set(key, [item]);
	}
	return [...rows.values()];
}
