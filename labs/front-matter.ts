// Splits lab.md into its front matter and its text, and says on which line a mistake is.

import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { CheckDeclaration } from '@containrlab/protocol/checks/declaration.ts';
import { LabFrontMatter } from '@containrlab/protocol/lab.ts';
import { nearest } from '@containrlab/protocol/nearest.ts';

export interface Mistake {
	/** In lab.md, from 1. */
	line: number;
	message: string;
}

export interface ReadLabText {
	front: LabFrontMatter;
	text: string;
	/** The line in lab.md on which the text begins. */
	textLine: number;
	/** The line in lab.md of the value at this path of the front matter. */
	lineOf: (path: readonly PropertyKey[]) => number;
}

export type LabText = ({ ok: true } & ReadLabText) | { ok: false; mistakes: Mistake[] };

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
	const lineOf = (path: readonly PropertyKey[]) => lineOfPath(document, path, lineAt);
	// Aliases could make a small file enormous; a lab needs none.
	const value: unknown = document.toJS({ maxAliasCount: 0 });
	const parsed = LabFrontMatter.safeParse(value);
	if (parsed.success) {
		const textLine = match[0].split('\n').length;
		return { ok: true, front: parsed.data, text: source.slice(match[0].length), textLine, lineOf };
	}
	const mistakes = parsed.error.issues.flatMap((issue) => mistakesIn(issue, value, lineOf));
	return { ok: false, mistakes };
}

/** In words that say what to write instead. */
function mistakesIn(
	issue: z.core.$ZodIssue,
	front: unknown,
	lineOf: ReadLabText['lineOf'],
): Mistake[] {
	const where = issue.path.join('.') || 'front matter';
	if (issue.code === 'unrecognized_keys') {
		const known = settingsAt(issue.path, front);
		return issue.keys.map((key) => ({
			line: lineOf([...issue.path, key]),
			message: `${where}: there is no setting "${key}" here; ${choice(key, known)}`,
		}));
	}
	if (issue.code === 'invalid_union' && issue.path[0] === 'checks') {
		const name = at(front, issue.path);
		const message =
			typeof name === 'string'
				? `there is no check "${name}"; ${choice(name, CHECK_NAMES)}`
				: `say which check: one of ${CHECK_NAMES.join(', ')}.`;
		return [{ line: lineOf(issue.path), message: `${where}: ${message}` }];
	}
	return [{ line: lineOf(issue.path), message: `${where}: ${issue.message}` }];
}

const choice = (word: string, known: readonly string[]): string => {
	const similar = nearest(word, known);
	if (similar) return `did you mean ${similar}?`;
	return known.length > 0 ? `there are ${known.join(', ')}.` : 'remove it.';
};

const CHECK_NAMES = CheckDeclaration.options.map(({ shape }) => shape.check.value);

/** What may be written where something unknown was found. */
function settingsAt(path: readonly PropertyKey[], front: unknown): string[] {
	if (path.length === 0) return Object.keys(LabFrontMatter.shape);
	const name = at(front, [...path.slice(0, 2), 'check']);
	const check = CheckDeclaration.options.find(({ shape }) => shape.check.value === name);
	if (!check) return [];
	return path.length === 2 ? Object.keys(check.shape) : [];
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
	return path.reduce<unknown>(
		(inner, key) =>
			inner && typeof inner === 'object' ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
		value,
	);
}

/** The line of the value at `path`, or of the nearest thing around it that is there. */
function lineOfPath(
	document: Document,
	path: readonly PropertyKey[],
	lineAt: (offset: number) => number,
): number {
	for (let length = path.length; length > 0; length -= 1) {
		const node = document.getIn(path.slice(0, length), true);
		if (node && typeof node === 'object' && 'range' in node && Array.isArray(node.range)) {
			return lineAt(Number(node.range[0]));
		}
	}
	return 2;
}
