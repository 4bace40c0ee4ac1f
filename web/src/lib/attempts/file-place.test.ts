import { expect, it } from 'vitest';
import { placeHash, placeInHash } from './file-place.ts';

it.each(['Dockerfile', 'a/b c/ü.py', 'odd:12', '#?&%.txt', '<img src=x>'])(
	'leads to %s',
	(path) => {
		expect(placeInHash(placeHash(path, 4))).toEqual({ path, line: 4 });
		expect(placeInHash(placeHash(path))).toEqual({ path, line: undefined });
	},
);

it.each(['', '#checks', '#file:', '#file:%E0%A4%A', '#file:a:b'])('knows %s for none', (hash) => {
	expect(placeInHash(hash)).toBeUndefined();
});
