// Names that people give themselves: shown to a whole class, so nothing invisible, nothing long, and
// nobody's twice.

import { z } from 'zod';

// Control characters, marks that make text read other than it is, and what isn't seen at all.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\ufffc\ufffd]/gu;
/** More accents on one letter than any language writes: they would run over the lines around. */
const PILES = /(\p{M}{3})\p{M}+/gu;

/** More than any field here takes: what follows takes time by the square of the marks on a letter. */
const READ = 2_000;

/** One line, as it is shown. */
export const tidy = (text: string): string =>
	text
		.slice(0, READ)
		.normalize('NFKC')
		.replace(/\s+/gu, ' ')
		.replace(UNSEEN, '')
		.replace(PILES, '$1')
		.replace(/ {2,}/g, ' ')
		.trim();

const line = (most: number, missing: string) =>
	z
		.string(missing)
		.transform(tidy)
		.pipe(
			z
				.string()
				.regex(/[\p{L}\p{N}]/u, missing)
				.max(most, `Use at most ${most} characters.`),
		);

export const PersonName = line(80, 'Enter your name.');
export const StudentNumber = line(40, 'Enter your student number.');

/** Two names with one key are the same to whoever reads them. */
export const nameKey = (name: string): string =>
	tidy(name).toUpperCase().toLowerCase().normalize('NFKC');
