// Bytes of binary files that disk or document may have lost by the time somebody asks for them.

import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { sha256 } from './content.ts';

export class Blobs {
	#held = new Map<string, Buffer>();
	#bytes = 0;
	readonly #most: number;

	constructor(most: number) {
		this.#most = most;
	}

	get(sha: string): Buffer | undefined {
		return this.#held.get(sha);
	}

	/** False when the bytes aren't what their name says, or too many. The oldest make room. */
	put(sha: string, bytes: Buffer): boolean {
		if (bytes.length > FILE_LIMITS.binary || sha256(bytes) !== sha) return false;
		this.#drop(sha);
		for (const old of this.#held.keys()) {
			if (this.#bytes + bytes.length <= this.#most) break;
			this.#drop(old);
		}
		this.#held.set(sha, bytes);
		this.#bytes += bytes.length;
		return true;
	}

	/** Whoever fetched them has them: they go. */
	take(sha: string): Buffer | undefined {
		const bytes = this.get(sha);
		this.#drop(sha);
		return bytes;
	}

	#drop(sha: string): void {
		this.#bytes -= this.#held.get(sha)?.length ?? 0;
		this.#held.delete(sha);
	}
}
