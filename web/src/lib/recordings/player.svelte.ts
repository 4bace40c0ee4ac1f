// Plays a recording: where it is, how fast it goes, and whether it does.

import { parseCast, type Cast } from './cast.ts';
import { Drawing, type CastScreen } from './drawing.ts';

export const SPEEDS = [0.5, 1, 2, 4, 8] as const;

export class Player {
	cast = $state.raw<Cast>();
	/** Loading failed: in words. */
	failed = $state<string>();
	playing = $state(false);
	/** Seconds on the timeline. */
	time = $state(0);
	speed = $state<number>(2);
	#screen: CastScreen | undefined;
	#drawing: Drawing | undefined;
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
	attach(screen: CastScreen): void {
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
		this.time = Math.min(Math.max(0, time), this.duration);
		this.#drawing?.to(this.time);
	}

	#tick = (now: number): void => {
		const passed = (Math.max(0, now - this.#shownAt) / 1000) * this.speed;
		this.#shownAt = now;
		this.seek(this.time + passed);
		if (this.time >= this.duration) this.stop();
		if (this.playing) this.#frame = requestAnimationFrame(this.#tick);
	};

	#begin(): void {
		if (!this.cast || !this.#screen) return;
		this.#drawing = new Drawing(this.cast, this.#screen);
		this.seek(this.time);
	}
}
