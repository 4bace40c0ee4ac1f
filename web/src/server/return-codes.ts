// A guest's return code: shown once, kept as a keyed hash, opens the same work on any device.

import { createHmac } from 'node:crypto';
import type { Executor } from '@containrlab/db/queries/executor.ts';
import { setReturnCode, userOfReturnCode } from '@containrlab/db/queries/users.ts';
import { groupCode, newCode, normaliseCode } from '@containrlab/protocol/code.ts';

/** 60 bits. */
const LENGTH = 12;

export class ReturnCodes {
	readonly #key: Buffer;

	constructor(key: Buffer) {
		this.#key = key;
	}

	/** Makes a new one, as it is shown; the one before opens nothing from then on. */
	async issue(db: Executor, userId: string): Promise<string> {
		const code = newCode(LENGTH);
		await setReturnCode(db, userId, this.#hash(code));
		return groupCode(code);
	}

	async userOf(db: Executor, typed: string): Promise<string | undefined> {
		const code = normaliseCode(typed);
		return code.length === LENGTH ? userOfReturnCode(db, this.#hash(code)) : undefined;
	}

	/** Keyed, and by a key that isn't in the database: a stolen copy of it opens nothing. */
	#hash(code: string): string {
		return createHmac('sha256', this.#key).update(code).digest('hex');
	}
}
