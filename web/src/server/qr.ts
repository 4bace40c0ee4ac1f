// A QR code as one SVG path: dark modules, a unit each, without the light border it needs around it.

import { encode } from 'uqr';

export interface QrPath {
	size: number;
	path: string;
}

export function qrPath(text: string): QrPath {
	const { data, size } = encode(text, { border: 0, ecc: 'M' });
	const runs = data.flatMap((row, y) =>
		[
			...row
				.map((dark) => (dark ? '#' : ' '))
				.join('')
				.matchAll(/#+/g),
		].map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`),
	);
	return { size, path: runs.join('') };
}
