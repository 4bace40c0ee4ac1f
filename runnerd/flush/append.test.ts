// A shell that appends line by line while somebody types: neither loses a character.

import { appendFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { TestWorkspace } from './testing.ts';

test('appended lines and typed ones, without a pause', { timeout: 60_000 }, async () => {
	await using ws = await TestWorkspace.open({ f: 'start\n' });
	const tokens: string[] = [];
	for (let n = 0; n < 400; n += 1) {
		ws.text('f').insert(0, `<e${n}>\n`);
		tokens.push(`<e${n}>`, `<s${n}>`);
		await appendFile(ws.at('f'), `<s${n}>\n`);
	}
	await ws.flush.drain();
	const text = ws.docText('f');
	expect(tokens.filter((token) => text.split(token).length !== 2)).toEqual([]);
	expect(await ws.read('f')).toBe(text);
});
