// How many new people one address may bring into a class: all that fit behind one router, and then few
// at a time. Else one pupil with a program fills the class, and nobody else gets in.

import { isIPv6 } from 'node:net';
import { Pace } from './api/pace.ts';

export class Newcomers {
	readonly #pace: Pace;

	constructor(pace = new Pace({ burst: 250, perSecond: 0.2 })) {
		this.#pace = pace;
	}

	admits(classCode: string, address: string): boolean {
		return this.#pace.take(`${classCode} ${networkOf(address)}`) === 0;
	}
}

/** One device picks itself as many IPv6 addresses as it likes, all of them in one network. */
export function networkOf(address: string): string {
	const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
	if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
	const [head = '', tail] = address.split('%')[0]!.split('::');
	const groups = (text: string) => (text === '' ? [] : text.split(':'));
	const [before, after] = [groups(head), groups(tail ?? '')];
	const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
	const all = [...before, ...Array<string>(zeros).fill('0'), ...after];
	return all
		.slice(0, 4)
		.map((group) => Number.parseInt(group, 16))
		.join(':');
}
