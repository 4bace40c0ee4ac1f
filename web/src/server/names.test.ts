import { describe, expect, it } from 'vitest';
import { nameKey, PersonName, StudentNumber } from './names.ts';

describe('a name', () => {
	it.each([
		['  Grace \t Hopper\n', 'Grace Hopper'],
		['Grace\u00a0Hopper', 'Grace Hopper'],
		['Grace \u202eHopper', 'Grace Hopper'],
		['Gra\u00adce\u200b \u2066Hop\u0000per\u{e0041}', 'Grace Hopper'],
		['Ｇｒａｃｅ', 'Grace'],
		['Zoe\u0308', 'Zoë'],
		[`a${'\u0301'.repeat(40)}b`, `á${'\u0301'.repeat(3)}b`],
		['李小龍', '李小龍'],
	])('%j is kept as %j', (typed, kept) => {
		expect(PersonName.parse(typed)).toBe(kept);
	});

	it.each(['', '   ', '\u200b\u200b', '...', '\u3164', '\u0301', 'x'.repeat(81), 7, undefined])(
		'%j is none',
		(typed) => expect(PersonName.safeParse(typed).success).toBe(false),
	);

	it.each([
		['Ada Lovelace', 'ada  LOVELACE'],
		['Ada', 'Ａｄａ\u200d'],
		['Zoë', 'ZOE\u0308'],
		['Straße', 'STRASSE'],
	])('%j and %j are one', (one, other) => {
		expect(nameKey(one)).toBe(nameKey(other));
	});

	it('with another initial is another', () => {
		expect(nameKey('Ada L.')).not.toBe(nameKey('Ada K.'));
	});
});

it('takes student numbers of up to 40 characters', () => {
	expect(StudentNumber.parse(' s-1234 567 ')).toBe('s-1234 567');
	expect(StudentNumber.safeParse('1'.repeat(41)).success).toBe(false);
	expect(StudentNumber.safeParse(' ').success).toBe(false);
});
