// Preflights as pages ask for them: runnerd's answers, and its silence, as values.

import type { Preflight, PreflightRequest } from '@containrlab/protocol/preflight.ts';
import type { RunnerdClient } from './runnerd-client.ts';
import { Refused, Unreachable } from './service-call.ts';

export class Preflights {
	readonly #runnerd: Pick<RunnerdClient, 'preflight' | 'beginPreflight'>;

	constructor(runnerd: Pick<RunnerdClient, 'preflight' | 'beginPreflight'>) {
		this.#runnerd = runnerd;
	}

	/** Undefined when there was none of this class; null when runnerd can't be asked. */
	async last(classId: string): Promise<Preflight | undefined | null> {
		try {
			return await this.#runnerd.preflight(classId);
		} catch (cause) {
			if (cause instanceof Unreachable || cause instanceof Refused) return null;
			throw cause;
		}
	}

	/** `busy`: another class's is under way. */
	async begin(classId: string, request: PreflightRequest): Promise<'begun' | 'busy' | 'away'> {
		try {
			await this.#runnerd.beginPreflight(classId, request);
			return 'begun';
		} catch (cause) {
			if (cause instanceof Refused && cause.code === 'preflight-busy') return 'busy';
			if (cause instanceof Unreachable || cause instanceof Refused) return 'away';
			throw cause;
		}
	}
}
