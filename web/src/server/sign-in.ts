// Checking passwords: each guess on an account makes the next one wait, and only a few may queue up.
// Who signed in on their device before has a queue of their own there, so that nobody locks another
// out.

import type { Database } from '@containrlab/db/connect.ts';
import { userByEmail, type User } from '@containrlab/db/queries/users.ts';
import type { Device } from './device-cookie.ts';
import { Lanes } from './lanes.ts';
import { TooBusy, verifyPassword } from './password.ts';
import { pause, Throttle } from './throttle.ts';

export type PasswordCheck = { ok: true; user: User } | { ok: false; reason: 'wrong' | 'busy' };

/** Guesses that wait on one account at once. */
const PER_ACCOUNT = 5;
/** On all accounts: a class that signs in together, several times over. */
const IN_ALL = 400;

export class PasswordGate {
	readonly #db: Database;
	readonly #throttle = new Throttle();
	readonly #lanes: Lanes;
	/** Guesses at many accounts fill those above; nobody else has a known device to fill these with. */
	readonly #ownLanes: Lanes;

	constructor(db: Database, inAll = IN_ALL) {
		this.#db = db;
		this.#lanes = new Lanes(PER_ACCOUNT, inAll);
		this.#ownLanes = new Lanes(PER_ACCOUNT, inAll);
	}

	async check(email: string, password: string, device: Device | undefined): Promise<PasswordCheck> {
		const user = await userByEmail(this.#db, email);
		const isKnown = user !== undefined && device?.people.includes(user.id) === true;
		const lane = isKnown ? `device:${device.id}:${user.id}` : `account:${email.toLowerCase()}`;
		const checked = await (isKnown ? this.#ownLanes : this.#lanes).run(lane, async () => {
			await pause(isKnown ? this.#throttle.ownDelay(lane) : this.#throttle.delay(lane));
			return this.#verify(lane, user, password, isKnown);
		});
		return checked ?? { ok: false, reason: 'busy' };
	}

	async #verify(
		lane: string,
		user: User | undefined,
		password: string,
		first: boolean,
	): Promise<PasswordCheck> {
		try {
			const matches = await verifyPassword(user?.passwordHash, password, { first });
			if (matches && user) {
				this.#throttle.succeeded(lane);
				return { ok: true, user };
			}
		} catch (cause) {
			if (cause instanceof TooBusy) return { ok: false, reason: 'busy' };
			throw cause;
		}
		this.#throttle.failed(lane);
		return { ok: false, reason: 'wrong' };
	}
}
