// Every close of sync is explained to who was closed, with what to do next.

import { expect, test } from 'vitest';
import { CLOSE } from '@containrlab/protocol/sync.ts';
import { closedBy, noticeOf } from './save-words.ts';

const textOf = (code: number) =>
	noticeOf(code >= 4400 && code < 4500 ? closedBy(code) : { kind: 'offline', code }, false)!.text;

test('every final close has words of its own', () => {
	const final = Object.values(CLOSE).filter(({ code }) => code < 4500);
	const words = final.map(({ code }) => textOf(code));
	expect(new Set(words).size).toBe(final.length);
	expect(words).not.toContain(textOf(4499));
});

test('of those that pass, the ones that a person can do something about', () => {
	const lost = noticeOf({ kind: 'offline' }, false)!.text;
	expect(textOf(CLOSE.tooMany.code)).toContain('Close some of them');
	expect(textOf(CLOSE.tooSlow.code)).toContain('too slow');
	for (const { code } of [CLOSE.shutdown, CLOSE.moved, CLOSE.recheck, CLOSE.unavailable]) {
		expect(textOf(code)).toBe(lost);
	}
});
