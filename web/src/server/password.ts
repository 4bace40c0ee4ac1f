// Passwords: argon2id, with as many hashes at once as the machine can afford.

import { hash, verify } from '@node-rs/argon2';

/** OWASP's first choice for argon2id: 19 MiB, two passes. The library's default is argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Each holds 19 MiB and a core for some 30 ms; one of Node's four workers stays free for others. */
const AT_ONCE = 3;
/** A class signing in at once waits its turn; what is beyond this is not a class. */
const WAITING = 400;

export class TooBusy extends Error {
	readonly code = 'too-busy';
}

let running = 0;
const waiting: (() => void)[] = [];

/** `first`: before those who wait, and never refused; only for what others can't flood. */
async function inTurn<T>(work: () => Promise<T>, first = false): Promise<T> {
	if (running >= AT_ONCE) {
		if (!first && waiting.length >= WAITING) {
			throw new TooBusy('too many passwords to check at once');
		}
		await new Promise<void>((resolve) => {
			if (first) waiting.unshift(resolve);
			else waiting.push(resolve);
		});
	} else {
		running += 1;
	}
	try {
		return await work();
	} finally {
		// The turn passes on; only with nobody waiting it ends.
		const next = waiting.shift();
		if (next) next();
		else running -= 1;
	}
}

export const hashPassword = (password: string): Promise<string> =>
	inTurn(() => hash(password, COST));

/** Of no one's password: an unknown account costs as long as a wrong password. */
let nobody: Promise<string> | undefined;

export async function verifyPassword(
	passwordHash: string | null | undefined,
	password: string,
	{ first = false }: { first?: boolean } = {},
): Promise<boolean> {
	const known = passwordHash ?? (await (nobody ??= hashPassword(crypto.randomUUID())));
	const matches = await inTurn(() => verify(known, password), first);
	return matches && passwordHash !== null && passwordHash !== undefined;
}
