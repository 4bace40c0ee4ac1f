// Codes that people read off a screen or a note and type: a class's, and a guest's own.

/** Upper case, without the letters and digits that are taken for one another: 5 bits each. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

export function newCode(length: number): string {
	const bytes = crypto.getRandomValues(new Uint8Array(length));
	return Array.from(bytes, (byte) => ALPHABET[byte & 31]).join('');
}

/** Characters of what was typed: a program may send half a megabyte of accents to be put in order. */
const READ = 200;

/** People type codes in lower case, with spaces and dashes. */
export const normaliseCode = (typed: string): string =>
	typed
		.slice(0, READ)
		.normalize('NFKC')
		.toUpperCase()
		.replace(/[^A-Z0-9]/g, '');

/** In fours, as one reads them out. */
export const groupCode = (code: string): string => code.match(/.{1,4}/g)?.join('-') ?? '';
