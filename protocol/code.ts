// Codes that people read off a screen or a note and type: a class's, and a guest's own.

/** Upper case, without the letters and digits that are taken for one another: 5 bits each. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

export function newCode(length: number): string {
	const bytes = crypto.getRandomValues(new Uint8Array(length));
	return Array.from(bytes, (byte) => ALPHABET[byte & 31]).join('');
}

/** People type codes in lower case, with spaces and dashes. */
export const normaliseCode = (typed: string): string =>
	typed
		.normalize('NFKC')
		.toUpperCase()
		.replace(/[^A-Z0-9]/g, '');

/** In fours, as one reads them out. */
export const groupCode = (code: string): string => code.match(/.{1,4}/g)?.join('-') ?? '';
