// Turning a socket away: in words that its client understands, and slower when it comes again at once.
//
// Clients before y-websocket 3.1 don't know that 44xx is final, and forget their backoff as soon as a
// socket opens: refused at once they would be back ten times a second, for ever.

import type { WebSocket } from 'ws';
import { CLOSE } from '@containrlab/protocol/sync.ts';
import { LIMITS } from './limits.ts';
import type { Close } from './member.ts';
import { encodeDenied } from './wire.ts';

/** What stock clients have a message for. */
export const isDenial = ({ code }: Close): boolean =>
	code === CLOSE.unauthorized.code || code === CLOSE.revoked.code;

export class Refusals {
	/** How often, and when last; the oldest first. */
	#recent = new Map<string, { times: number; at: number }>();
	#waiting = 0;
	#now: () => number;

	constructor(now = () => performance.now()) {
		this.#now = now;
	}

	/** How long whoever is known by `key` waits for the answer (ms); 0 the first time. */
	delayOf(key: string): number {
		const now = this.#now();
		const before = this.#recent.get(key);
		const times = before && now - before.at < LIMITS.refusals.forgetMs ? before.times + 1 : 1;
		this.#recent.delete(key);
		this.#recent.set(key, { times, at: now });
		for (const [old, { at }] of this.#recent) {
			if (now - at < LIMITS.refusals.forgetMs && this.#recent.size <= LIMITS.refusals.known) break;
			this.#recent.delete(old);
		}
		return times === 1 ? 0 : Math.min(50 * 2 ** times, LIMITS.refusals.mostMs);
	}

	/** `acks`: it knows our codes; a stock client gets its own kind of refusal in front of it. */
	async turnAway(ws: WebSocket, key: string, close: Close, acks: boolean): Promise<void> {
		// What it sends is read and dropped: else nobody would hear it leave.
		ws.resume();
		const ms = this.#waiting < LIMITS.refusals.waiting ? this.delayOf(key) : 0;
		if (ms > 0) {
			this.#waiting += 1;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, ms).unref();
				ws.once('close', () => (clearTimeout(timer), resolve()));
			});
			this.#waiting -= 1;
		}
		if (isDenial(close) && !acks) ws.send(encodeDenied(close.reason), () => {});
		ws.close(close.code, close.reason);
		const timer = setTimeout(() => ws.terminate(), LIMITS.closeMs).unref();
		ws.once('close', () => clearTimeout(timer));
	}
}
