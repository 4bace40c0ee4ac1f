import { expect, it } from 'vitest';
import { groupCode, newCode, normaliseCode } from './code.ts';

it('makes codes that nobody misreads, each another', () => {
	const codes = Array.from({ length: 200 }, () => newCode(12));
	expect(new Set(codes).size).toBe(200);
	for (const code of codes) expect(code).toMatch(/^[A-HJ-NP-Z2-9]{12}$/);
});

it('takes them however they are typed', () => {
	const code = newCode(12);
	const shown = groupCode(code);
	expect(shown).toMatch(/^\w{4}-\w{4}-\w{4}$/);
	for (const typed of [shown, shown.toLowerCase(), ` ${code.slice(0, 5)} ${code.slice(5)}\n`]) {
		expect(normaliseCode(typed)).toBe(code);
	}
});
