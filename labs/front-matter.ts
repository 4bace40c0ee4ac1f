// Splits lab.md into its front matter and its text, and says on which line a mistake is.

import { LineCounter, parseDocument } from 'yaml';
import { LabFrontMatter } from '@containrlab/protocol/lab.ts';

export interface Mistake {
	/** In lab.md, from 1. */
	line: number;
	message: string;
}

export type LabText =
	{ ok: true; front: LabFrontMatter; text: string } | { ok: false; mistakes: Mistake[] };

/** The fence is part of the line count: the YAML begins on line 2. */
const FENCE = /^---\r?\n([\s\S]*?)(?:^|\n)---[ \t]*(?:\r?\n|$)/;

export function readLabText(source: string): LabText {
	const match = FENCE.exec(source);
	if (!match) {
		const message =
			'The front matter is missing: start the file with a line "---", the lab\'s settings, and another "---".';
		return { ok: false, mistakes: [{ line: 1, message }] };
	}
	const lines = new LineCounter();
	const document = parseDocument(match[1] ?? '', { lineCounter: lines, prettyErrors: false });
	const lineAt = (offset: number) => lines.linePos(offset).line + 1;
	if (document.errors.length > 0) {
		const mistakes = document.errors.map((error) => ({
			line: lineAt(error.pos[0]),
			message: `The front matter isn't valid YAML: ${error.message}`,
		}));
		return { ok: false, mistakes };
	}
	// Aliases could make a small file enormous; a lab needs none.
	const parsed = LabFrontMatter.safeParse(document.toJS({ maxAliasCount: 0 }));
	if (parsed.success) {
		return { ok: true, front: parsed.data, text: source.slice(match[0].length) };
	}
	const mistakes = parsed.error.issues.map((issue) => ({
		line: lineOf(issue.path, (path) => document.getIn(path, true), lineAt),
		message: `${issue.path.join('.') || 'front matter'}: ${issue.message}`,
	}));
	return { ok: false, mistakes };
}

/** The line of the value at `path`, or of the nearest thing around it that is there. */
function lineOf(
	path: PropertyKey[],
	nodeAt: (path: PropertyKey[]) => unknown,
	lineAt: (offset: number) => number,
): number {
	for (let length = path.length; length > 0; length -= 1) {
		const node = nodeAt(path.slice(0, length));
		if (node && typeof node === 'object' && 'range' in node && Array.isArray(node.range)) {
			return lineAt(Number(node.range[0]));
		}
	}
	return 2;
}
