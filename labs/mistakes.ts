// What the schema of the front matter can't see: how the parts of a lab refer to each other.

import type { LabFile } from '@containrlab/protocol/lab.ts';
import { headingsOf } from '@containrlab/protocol/headings.ts';
import { nearest } from '@containrlab/protocol/nearest.ts';
import type { Mistake, ReadLabText } from './front-matter.ts';

export function mistakesOf(lab: ReadLabText, starter: readonly LabFile[]): Mistake[] {
	return [
		...opensNothing(lab, starter),
		...sameIds(lab),
		...teachNothing(lab),
		...linksNowhere(lab),
	];
}

function opensNothing({ front, lineOf }: ReadLabText, starter: readonly LabFile[]): Mistake[] {
	const { open } = front;
	if (open === undefined || starter.some((file) => file.path === open)) return [];
	const similar = nearest(
		open,
		starter.map(({ path }) => path),
	);
	const message = `open: ${open} isn't in starter/; ${similar ? `did you mean ${similar}?` : 'add it or name another file.'}`;
	return [{ line: lineOf(['open']), message }];
}

function sameIds({ front, lineOf }: ReadLabText): Mistake[] {
	const ids = front.checks.map((check) => check.id ?? check.check);
	return ids.flatMap((id, index) => {
		if (ids.indexOf(id) === index) return [];
		const message = `checks.${index}: an earlier check has the id "${id}" already; give this one an \`id\` of its own.`;
		return [{ line: lineOf(['checks', index]), message }];
	});
}

function teachNothing({ front, text, lineOf }: ReadLabText): Mistake[] {
	const anchors = headingsOf(text).map(({ anchor }) => anchor);
	return front.checks.flatMap(({ teaches }, index) => {
		if (teaches === undefined || anchors.includes(teaches)) return [];
		const similar = nearest(teaches, anchors);
		const message = `checks.${index}.teaches: the text has no part "${teaches}"; ${similar ? `did you mean "${similar}"?` : `its parts are ${anchors.join(', ') || '(none yet)'}.`}`;
		return [{ line: lineOf(['checks', index, 'teaches']), message }];
	});
}

/** Whether a page of the web is there can't be seen offline; that it is an address can. */
function linksNowhere({ text, textLine }: ReadLabText): Mistake[] {
	const parts = headingsOf(text).map(({ anchor }) => `#part-${anchor}`);
	return proseOf(text).flatMap((line, index) =>
		[...line.matchAll(/\]\(<?([^)\s>]*)/g)].flatMap(([, target = '']) => {
			if (parts.includes(target) || /^(https?:\/\/[^/]|mailto:)/.test(target)) return [];
			const similar = nearest(target, parts);
			const message = `the link to "${target}" leads nowhere: ${similar ? `did you mean ${similar}?` : 'write an address with https://, or #part- and the name of a part of this text.'}`;
			return [{ line: textLine + index, message }];
		}),
	);
}

/** Line by line, without what is code. */
function proseOf(text: string): string[] {
	let fenced = false;
	return text.split('\n').map((line) => {
		const fence = /^ {0,3}(```|~~~)/.test(line);
		if (fence) fenced = !fenced;
		return fence || fenced ? '' : line.replace(/`[^`]*`/g, '');
	});
}
