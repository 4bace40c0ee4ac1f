// The parts of a lab's text: its headings, and the names by which checks and links refer to them.

export interface Heading {
	/** Unique within the text. */
	anchor: string;
	/** As it is read: without marks and without its number. */
	title: string;
	/** In the text, from 1. */
	line: number;
}

/** Of levels 1 to 3, outside of code. Bounded by what a lab's text may be long. */
export function headingsOf(markdown: string): Heading[] {
	const found: Heading[] = [];
	const anchors = new Set<string>();
	let fence: string | undefined;
	for (const [index, line] of markdown.split('\n').entries()) {
		const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
		if (fence !== undefined) {
			if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
			continue;
		}
		fence = mark;
		const heading = /^#{1,3}[ \t]+(.*?)[ \t]*#*[ \t]*$/.exec(line);
		if (!heading) continue;
		const title = titleOf(heading[1] ?? '');
		const anchor = nextAnchor(slugOf(title), anchors);
		found.push({ anchor, title, line: index + 1 });
	}
	return found;
}

function titleOf(heading: string): string {
	const words = heading.replace(/[`*]|(?<!\w)_|_(?!\w)/g, '').trim();
	return words.replace(/^\d+[.)]\s+/, '') || words;
}

const slugOf = (title: string): string =>
	title
		.toLowerCase()
		.replace(/['’]/g, '')
		.replace(/[^\p{L}\p{N}]+/gu, '-')
		.replace(/^-|-$/g, '') || 'part';

/** A second heading of the same words gets a number, so that adding one at the end moves no other. */
function nextAnchor(slug: string, taken: Set<string>): string {
	let anchor = slug;
	for (let count = 2; taken.has(anchor); count += 1) anchor = `${slug}-${count}`;
	taken.add(anchor);
	return anchor;
}
