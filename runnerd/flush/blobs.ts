// Bytes of binary files that were handed in and wait for their place on disk, or were deleted from it.

import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { sha256 } from './content.ts';

export class Blobs {
	#held = new Map<string, Buffer>();
	#bytes = 0;

	get(sha: string): Buffer | undefined {
		return this.#held.get(sha);
	}

	/** False when the bytes aren't what their name says, or too many. The oldest make room. */
	put(sha: string, bytes: Buffer): boolean {
		if (bytes.length > FILE_LIMITS.binary || sha256(bytes) !== sha) return false;
		this.drop(sha);
		for (const old of this.#held.keys()) {
			if (this.#bytes + bytes.length <= FILE_LIMITS.binaryTotal) break;
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
