import { describe, expect, it } from 'vitest';
import { hexRows, kindOfBytes } from './kind-of-bytes.ts';

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe('what a file is', () => {
	it.each([
		['\x89PNG\r\n\x1a\n…', 'PNG image', 'image/png'],
		['RIFF\x10\0\0\0WEBPVP8 ', 'WebP image', 'image/webp'],
		['\x7fELF\x02', 'Linux program', undefined],
		[`${'\0'.repeat(257)}ustar`, 'tar archive', undefined],
	])('is told by its first bytes', (content, name, image) => {
		expect(kindOfBytes(bytes(content))).toMatchObject({ name, ...(image && { image }) });
	});

	it('is no picture because a page or a drawing with scripts says so', () => {
		for (const content of [
			'<svg xmlns="http://www.w3.org/2000/svg">',
			'<html>',
			'',
			'RIFF',
			'PN',
		]) {
			expect(kindOfBytes(bytes(content))?.image, content).toBeUndefined();
		}
	});
});

it('shows bytes in rows of sixteen', () => {
	expect(hexRows(bytes('FROM scratch\n\0\xff!ab'))).toEqual([
		{
			offset: '000000',
			hex: '46 52 4f 4d 20 73 63 72 61 74 63 68 0a 00 ff 21',
			ascii: 'FROM scratch...!',
		},
		{ offset: '000010', hex: '61 62', ascii: 'ab' },
	]);
});
