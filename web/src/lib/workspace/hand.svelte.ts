// A raised hand, from either side: the student's who asks, the staff's who answer.

import { z } from 'zod';
import { Hand as RaisedHand, type BrowserEvent } from '@containrlab/protocol/events.ts';

type HandEvent = Extract<BrowserEvent, { type: 'hand' }>;

const Answer = z.object({ hand: RaisedHand.nullable() });
const Refusal = z.object({ message: z.string() });
const AWAY = 'The server doesn’t answer. Try again in a moment.';

export class Hand {
	/** Undefined when it is down. */
	up = $state.raw<RaisedHand>();
	busy = $state(false);
	problem = $state<string>();
	/** Who of the staff lowered it last, so that the student can be told. */
	answeredBy = $state<string>();

	readonly #address: string;

	constructor(workspace: string, up: RaisedHand | null) {
		this.#address = `/w/${workspace}/hand`;
		this.update(up);
	}

	/** The page's data was loaded again. */
	update(up: RaisedHand | null): void {
		this.up = up ?? undefined;
	}

	happened(event: HandEvent): void {
		this.up = event.hand ?? undefined;
		this.answeredBy = event.answeredBy?.name;
	}

	/** Whether it went up. */
	async raise(question: string): Promise<boolean> {
		return this.#send({
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ question }),
		});
	}

	async lower(): Promise<boolean> {
		return this.#send({ method: 'DELETE' });
	}

	async #send(init: RequestInit): Promise<boolean> {
		if (this.busy) return false;
		this.busy = true;
		this.problem = undefined;
		try {
			const response = await fetch(this.#address, init);
			const body: unknown = await response.json();
			if (response.ok) this.up = Answer.parse(body).hand ?? undefined;
			else this.problem = Refusal.safeParse(body).data?.message ?? AWAY;
			return response.ok;
		} catch {
			this.problem = AWAY;
			return false;
		} finally {
			this.busy = false;
		}
	}
}
