// A QR code as text: two rows of modules in each line, dark on light whatever the terminal's colours.

import { encode } from 'uqr';

/** `colour`: with the escape sequences that a terminal understands; else for light on dark. */
export function terminalQr(text: string, colour: boolean): string[] {
	const { data, size } = encode(text, { border: 2, ecc: 'L' });
	const lines: string[] = [];
	for (let y = 0; y < size; y += 2) {
		let line = '';
		for (let x = 0; x < size; x += 1) {
			const upper = data[y]?.[x] ?? false;
			const lower = data[y + 1]?.[x] ?? false;
			line += sign(colour ? upper : !upper, colour ? lower : !lower);
		}
		lines.push(colour ? `\u001b[30;107m${line}\u001b[0m` : line);
	}
	return lines;
}

function sign(upper: boolean, lower: boolean): string {
	if (upper) return lower ? '█' : '▀';
	return lower ? '▄' : ' ';
}
