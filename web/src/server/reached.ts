// Devices that have opened the page that tries the way to this server, so that a teacher sees that the
// room gets in. Kept by this process alone, and only the latest.

import { networkInterfaces } from 'node:os';

const MOST = 20;

export interface ReachedDevice {
	address: string;
	/** Milliseconds since the epoch. */
	at: number;
	/** Whether live connections came through, too. */
	sockets: boolean;
}

export class Reached {
	readonly #byAddress = new Map<string, ReachedDevice>();
	readonly #own: () => ReadonlySet<string>;

	/** `own`: this computer's addresses on its networks. */
	constructor(own = ownAddresses) {
		this.#own = own;
	}

	/** This computer itself proves nothing. */
	note(address: string, sockets: boolean, at = Date.now()): boolean {
		if (isLoopback(address) || this.#own().has(shown(address))) return false;
		this.#byAddress.delete(address);
		this.#byAddress.set(address, { address: shown(address), at, sockets });
		const [oldest] = this.#byAddress.keys();
		if (this.#byAddress.size > MOST && oldest !== undefined) this.#byAddress.delete(oldest);
		return true;
	}

	/** The latest first. */
	list(): ReachedDevice[] {
		return [...this.#byAddress.values()].reverse();
	}
}

/** An IPv4 address as a socket of both kinds says it. */
const shown = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');
const isLoopback = (address: string): boolean => /^(127\.|::1$)/.test(shown(address));

const ownAddresses = (): ReadonlySet<string> =>
	new Set(
		Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)),
	);
