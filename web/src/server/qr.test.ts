import { encode } from 'uqr';
import { expect, it } from 'vitest';
import { qrPath } from './qr.ts';

it('draws each dark module once', () => {
	const { data } = encode('http://192.168.1.5:7400/j/ABCDEFGHJK', { border: 0, ecc: 'M' });
	const { size, path } = qrPath('http://192.168.1.5:7400/j/ABCDEFGHJK');
	const drawn = Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
	for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
		for (let at = 0; at < Number(width); at += 1) drawn[Number(y)]![Number(x) + at]! += 1;
	}
	expect(drawn).toEqual(data.map((row) => row.map(Number)));
});
