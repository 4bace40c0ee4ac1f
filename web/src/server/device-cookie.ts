// A browser remembers, signed by us, who signed in on it: when someone guesses at an account, those
// who have been there before are not held up with the guesser. It opens nothing by itself.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { newId } from '@containrlab/protocol/id.ts';

export const DEVICE_COOKIE = 'containrlab_device';
export const DEVICE_DAYS = 180;
/** Colleagues at one desk. */
const PEOPLE = 4;

export interface Device {
	id: string;
	/** Who signed in here, the last one first. */
	people: readonly string[];
}

export class DeviceCookies {
	readonly #key: Buffer;

	constructor(key: Buffer) {
		this.#key = key;
	}

	read(cookie: string | undefined): Device | undefined {
		const [content, mark] = cookie?.split('~') ?? [];
		if (!content || !mark || !sameText(mark, this.#mark(content))) return undefined;
		const [id = '', ...people] = content.split('.');
		return { id, people };
	}

	/** The cookie after `userId` signed in. */
	remember(device: Device | undefined, userId: string): string {
		const others = device?.people.filter((each) => each !== userId) ?? [];
		const people = [userId, ...others].slice(0, PEOPLE);
		const content = [device?.id ?? newId(), ...people].join('.');
		return `${content}~${this.#mark(content)}`;
	}

	#mark(content: string): string {
		return createHmac('sha256', this.#key).update(content).digest('base64url');
	}
}

function sameText(a: string, b: string): boolean {
	const [left, right] = [Buffer.from(a), Buffer.from(b)];
	return left.length === right.length && timingSafeEqual(left, right);
}
