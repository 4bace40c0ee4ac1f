// Names that people give themselves: shown to a whole class, so nothing invisible and nothing long.

import { z } from 'zod';

// Control characters, and marks that make text read other than it is.
const UNSAFE = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd]/gu;

export const PersonName = z
	.string()
	.transform((name) => name.replace(UNSAFE, '').replace(/\s+/gu, ' ').trim())
	.pipe(z.string().min(1, 'Enter your name.').max(80, 'Use at most 80 characters.'));
