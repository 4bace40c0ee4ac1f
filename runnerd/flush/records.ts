// What the document took from the disk becomes the agent's record once sync holds it durably.

import type { Room } from './room.ts';
import type { FlushState } from './state.ts';

export class Records {
	readonly #room: Room;
	readonly #state: FlushState;
	readonly #stop: AbortSignal;
	#settling = false;

	constructor(room: Room, state: FlushState, stop: AbortSignal) {
		this.#room = room;
		this.#state = state;
		this.#stop = stop;
	}

	/** Until there is nothing left to record; one that is asked for meanwhile is part of it. */
	async settle(): Promise<void> {
		if (this.#settling) return;
		this.#settling = true;
		try {
			while (this.#state.unsettled.size > 0 && this.#state.attached) {
				const changes = [...this.#state.unsettled];
				await this.#room.durable(this.#stop);
				if (this.#stop.aborted || !this.#state.attached) return;
				for (const [id, change] of changes) await this.#record(id, change);
			}
		} catch (error) {
			if (!this.#stop.aborted) throw error;
		} finally {
			this.#settling = false;
		}
	}

	async #record(id: string, change: string): Promise<void> {
		const { unsettled, base, files } = this.#state;
		if (unsettled.get(id) !== change) return;
		const agreed = base.get(id);
		await (agreed ? files.note(agreed) : files.retire(id));
		if (unsettled.get(id) === change) unsettled.delete(id);
	}
}
