// How often one person may ask for work: a bucket of requests that fills again by itself.

export interface PaceOptions {
	/** Requests at once. */
	burst: number;
	/** Requests that come back in a second. */
	perSecond: number;
	/** People remembered at most; those who asked longest ago are forgotten first. */
	people: number;
}

/** A script that writes a project file by file passes; an endless loop doesn't hold sync up. */
const DEFAULTS: PaceOptions = { burst: 240, perSecond: 10, people: 10_000 };

export class Pace {
	readonly #options: PaceOptions;
	readonly #now: () => number;
	readonly #left = new Map<string, { requests: number; at: number }>();

	constructor(options: Partial<PaceOptions> = {}, now: () => number = Date.now) {
		this.#options = { ...DEFAULTS, ...options };
		this.#now = now;
	}

	/** Takes one request of theirs: 0, or the seconds after which there is one again. */
	take(person: string): number {
		const { burst, perSecond, people } = this.#options;
		const at = this.#now();
		const before = this.#left.get(person) ?? { requests: burst, at };
		const back = (Math.max(0, at - before.at) / 1000) * perSecond;
		const requests = Math.min(burst, before.requests + back);
		if (requests < 1) return Math.ceil((1 - requests) / perSecond);
		this.#left.delete(person);
		this.#left.set(person, { requests: requests - 1, at });
		if (this.#left.size > people) {
			const [oldest = person] = this.#left.keys();
			this.#left.delete(oldest);
		}
		return 0;
	}
}
