// A pass to one preview: sealed, so that it can be in an address or a cookie and tell nobody anything.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';

/** From our page to the preview's address, once. */
export const ENTER_SECONDS = 60;
/** A long lesson; the page asks for another one whenever it opens or reloads a preview. */
export const STAY_SECONDS = 8 * 3600;

export const Pass = z.object({
	/** `enter` is exchanged for `stay` on the preview's own origin. */
	kind: z.enum(['enter', 'stay']),
	id: z.string(),
	user: z.string(),
	session: z.string(),
	workspace: z.string(),
	port: z.number().int(),
	/** Of our page: it alone may frame the preview. */
	origin: z.string(),
	/** Seconds since the epoch. */
	exp: z.number().int(),
});
export type Pass = z.infer<typeof Pass>;

const IV = 12;
const TAG = 16;

export class PassSealer {
	readonly #key: Buffer;

	/** 32 bytes. */
	constructor(key: Buffer) {
		this.#key = key;
	}

	seal(pass: Pass): string {
		const iv = randomBytes(IV);
		const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
		const sealed = [cipher.update(JSON.stringify(pass), 'utf8'), cipher.final()];
		return Buffer.concat([iv, ...sealed, cipher.getAuthTag()]).toString('base64url');
	}

	/** Undefined when it isn't ours, or over. */
	open(text: string | undefined, kind: Pass['kind'], now = Date.now()): Pass | undefined {
		const bytes = Buffer.from(text ?? '', 'base64url');
		if (bytes.length < IV + TAG || bytes.length > 2048) return undefined;
		try {
			const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV));
			decipher.setAuthTag(bytes.subarray(-TAG));
			const content = Buffer.concat([decipher.update(bytes.subarray(IV, -TAG)), decipher.final()]);
			const pass = Pass.parse(JSON.parse(content.toString()));
			return pass.kind === kind && pass.exp * 1000 > now ? pass : undefined;
		} catch {
			return undefined;
		}
	}
}

/** Passes that were used up, until they would be over anyway: each is good for one entrance. */
export class UsedPasses {
	readonly #used = new Map<string, number>();

	/** False when it was used before. */
	use({ id, exp }: Pass, now = Date.now()): boolean {
		for (const [old, until] of this.#used) {
			if (until * 1000 > now) break;
			this.#used.delete(old);
		}
		if (this.#used.has(id)) return false;
		this.#used.set(id, exp);
		return true;
	}
}
