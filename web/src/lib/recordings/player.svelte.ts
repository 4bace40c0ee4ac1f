// Plays a recording into a terminal: forward by its timeline, backward by beginning anew.

import { parseCast, type Cast } from './cast.ts';
import type { PlayerScreen } from './screen.ts';

export const SPEEDS = [0.5, 1, 2, 4, 8] as const;

export class Player {
	cast = $state.raw<Cast>();
	/** Loading failed: in words. */
	failed = $state<string>();
	playing = $state(false);
	/** Seconds on the timeline. */
	time = $state(0);
	speed = $state<number>(2);
	#screen: PlayerScreen | undefined;
	/** Of the next event to show. */
	#next = 0;
	#frame = 0;
	#shownAt = 0;

	get duration(): number {
		return this.cast?.duration ?? 0;
	}

	async load(url: string, signal: AbortSignal): Promise<void> {
		try {
			const answer = await fetch(url, { signal });
			const cast = answer.ok ? parseCast(await answer.text()) : undefined;
			if (!cast) throw new Error(`a recording could not be read: ${answer.status}`);
			this.cast = cast;
			this.#begin();
		} catch (cause) {
			if (signal.aborted) return;
			this.failed = 'The recording couldn’t be loaded. Reload the page to try again.';
			console.warn(cause);
		}
	}

	/** `screen` shows it from now on. */
	attach(screen: PlayerScreen): void {
		this.#screen = screen;
		this.#begin();
	}

	stop(): void {
		this.playing = false;
		cancelAnimationFrame(this.#frame);
	}

	toggle(): void {
		if (this.playing) return this.stop();
		if (this.time >= this.duration) this.seek(0);
		this.playing = true;
		this.#shownAt = performance.now();
		this.#frame = requestAnimationFrame(this.#tick);
	}

	seek(time: number): void {
		const to = Math.min(Math.max(0, time), this.duration);
		if (to < this.time) this.#begin();
		this.#show(to);
	}

	#tick = (now: number): void => {
		const passed = (Math.max(0, now - this.#shownAt) / 1000) * this.speed;
		this.#shownAt = now;
		this.#show(Math.min(this.time + passed, this.duration));
		if (this.time >= this.duration) this.stop();
		if (this.playing) this.#frame = requestAnimationFrame(this.#tick);
	};

	#begin(): void {
		this.#next = 0;
		this.time = 0;
		if (this.cast) this.#screen?.reset(this.cast.size);
		this.#show(0);
	}

	#show(until: number): void {
		this.time = until;
		const events = this.cast?.events ?? [];
		if (!this.#screen) return;
		let text = '';
		for (let event = events[this.#next]; event && event.at <= until; event = events[this.#next]) {
			this.#next += 1;
			if (event.kind === 'output') {
				text += event.text;
				continue;
			}
			this.#screen.write(text);
			text = '';
			this.#screen.resize(event.size);
		}
		this.#screen.write(text);
	}
}
