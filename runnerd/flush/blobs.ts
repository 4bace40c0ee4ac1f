// Bytes of binary files that disk or document may have lost by the time somebody asks for them, and
// those that the document names and nobody here has.

import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { sha256 } from './content.ts';

/** For whoever fetches them, of files that a program wrote (bytes). */
const UNFETCHED = 2 * FILE_LIMITS.binary;

export class Blobs {
	/** Handed in for their place on disk, or about to be deleted from it. */
	readonly #kept = new Store(FILE_LIMITS.binaryTotal);
	/** Appeared on disk, and may be gone from there before anybody has fetched them. */
	readonly #unfetched = new Store(UNFETCHED);
	readonly #missing = new Set<string>();
	#untold: string[] = [];
	readonly #tell: (shas: string[]) => void;

	/** `missing` hears which bytes are to be handed in. */
	constructor(missing: (shas: string[]) => void) {
		this.#tell = missing;
	}

	get(sha: string): Buffer | undefined {
		return this.#kept.get(sha) ?? this.#unfetched.get(sha);
	}

	appeared(sha: string, bytes: Buffer): void {
		this.#unfetched.put(sha, bytes);
	}

	/** Whoever fetches what has appeared has it then. */
	fetch(sha: string): Buffer | undefined {
		const bytes = this.get(sha);
		this.#unfetched.drop(sha);
		return bytes;
	}

	/** False when they aren't what `sha` says, or too many. */
	keep(sha: string, bytes: Buffer): boolean {
		if (!this.#kept.put(sha, bytes)) return false;
		this.#missing.delete(sha);
		return true;
	}

	/** Asks for them, once. */
	miss(sha: string): void {
		if (sha === '' || this.#missing.has(sha)) return;
		this.#missing.add(sha);
		// All of one plan in one call.
		if (this.#untold.length === 0) setImmediate(() => this.#tell(this.#untold.splice(0)));
		this.#untold.push(sha);
	}

	/** What is missed is asked for once more. */
	askAgain(): void {
		this.#missing.clear();
	}
}

/** The oldest make room. */
class Store {
	#held = new Map<string, Buffer>();
	#bytes = 0;
	readonly #most: number;

	constructor(most: number) {
		this.#most = most;
	}

	get(sha: string): Buffer | undefined {
		return this.#held.get(sha);
	}

	put(sha: string, bytes: Buffer): boolean {
		if (bytes.length > FILE_LIMITS.binary || sha256(bytes) !== sha) return false;
		this.drop(sha);
		for (const old of this.#held.keys()) {
			if (this.#bytes + bytes.length <= this.#most) break;
			this.drop(old);
		}
		this.#held.set(sha, bytes);
		this.#bytes += bytes.length;
		return true;
	}

	drop(sha: string): void {
		this.#bytes -= this.#held.get(sha)?.length ?? 0;
		this.#held.delete(sha);
	}
}
