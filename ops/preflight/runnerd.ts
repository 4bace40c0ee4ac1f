// The two calls to the running runnerd that a preflight takes.

import { readFile } from 'node:fs/promises';
import { Preflight, type PreflightRequest } from '@containrlab/protocol/preflight.ts';
import { ServiceError } from '@containrlab/protocol/sandbox.ts';
import type { RunningInstallation } from '../running.ts';
import { Refusal } from '../steps.ts';

const ANSWER_MS = 10_000;

export class Runnerd {
	readonly #url: string;
	readonly #token: string;

	private constructor(url: string, token: string) {
		this.#url = url;
		this.#token = token;
	}

	static async reach({ runnerdUrl, runnerdToken }: RunningInstallation): Promise<Runnerd> {
		return new Runnerd(runnerdUrl, (await readFile(runnerdToken, 'utf8')).trim());
	}

	begin(classId: string, request: PreflightRequest): Promise<Preflight> {
		return this.#call('PUT', classId, request);
	}

	look(classId: string): Promise<Preflight> {
		return this.#call('GET', classId);
	}

	async #call(method: string, classId: string, body?: PreflightRequest): Promise<Preflight> {
		const answer = await fetch(new URL(`/preflights/${classId}`, this.#url), {
			method,
			headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
			signal: AbortSignal.timeout(ANSWER_MS),
			...(body && { body: JSON.stringify(body) }),
		}).catch((cause: unknown) => {
			throw new Refusal('runnerd doesn’t answer; it may be starting again. Try once more.', {
				cause,
			});
		});
		const said: unknown = await answer.json();
		if (answer.ok) return Preflight.parse(said);
		const { error } = ServiceError.parse(said);
		throw new Refusal(
			error.code === 'preflight-busy'
				? 'Another class’s preflight is under way; try again when it is over.'
				: `runnerd refused: ${error.message}`,
		);
	}
}
