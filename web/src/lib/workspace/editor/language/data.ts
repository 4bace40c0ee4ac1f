// Hints and formatting for JSON and YAML; runs in a worker. Comments are kept, and what can't be read
// is left as it is.

import { format, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';
import * as yamlPlugin from 'prettier/plugins/yaml';
import * as prettier from 'prettier/standalone';
import { parseAllDocuments, type Document } from 'yaml';
import { brief, lineOf, MOST_HINTS, type Formatted, type Hint } from './hint.ts';

const INDENT = 2;
/** Longer lists in brackets are broken up. */
const LINE = 100;

const JSON_WORDS: Record<string, string> = {
	InvalidSymbol: 'This is no JSON: text needs double quotes.',
	InvalidNumberFormat: 'This number isn’t written as JSON wants it.',
	PropertyNameExpected: 'A name in double quotes should stand here.',
	ValueExpected: 'A value should stand here.',
	ColonExpected: 'A colon is missing.',
	CommaExpected: 'A comma is missing.',
	CloseBraceExpected: 'A closing brace } is missing.',
	CloseBracketExpected: 'A closing bracket ] is missing.',
	EndOfFileExpected: 'The file should have ended here.',
	InvalidCommentToken: 'JSON knows no comments.',
	UnexpectedEndOfString: 'The closing quote is missing.',
	InvalidEscapeCharacter: 'This escape isn’t one of JSON’s.',
	InvalidCharacter: 'A character that text in JSON can’t hold as it is.',
};

function jsonErrors(text: string): ParseError[] {
	const errors: ParseError[] = [];
	// Comments and a last comma are common in settings files, and formatting keeps them.
	parseTree(text, errors, { allowTrailingComma: true, disallowComments: false });
	return errors;
}

const jsonWords = ({ error }: ParseError): string =>
	JSON_WORDS[printParseErrorCode(error)] ?? 'This is no JSON.';

export function lintJson(text: string): Hint[] {
	if (text.trim() === '') return [];
	return jsonErrors(text)
		.slice(0, MOST_HINTS)
		.map((error) => ({
			from: error.offset,
			to: Math.min(error.offset + error.length, text.length),
			severity: 'error',
			message: jsonWords(error),
		}));
}

export function formatJson(text: string): Formatted {
	const [error] = text.trim() === '' ? [] : jsonErrors(text);
	if (error) return { ok: false, line: lineOf(text, error.offset), message: jsonWords(error) };
	const edits = format(text, undefined, {
		...{ tabSize: INDENT, insertSpaces: true, eol: '\n', insertFinalNewline: true },
	});
	// They don't overlap; from the end on, none moves another.
	let formatted = text;
	for (const { offset, length, content } of edits.toSorted((a, b) => b.offset - a.offset)) {
		formatted = formatted.slice(0, offset) + content + formatted.slice(offset + length);
	}
	return { ok: true, text: formatted };
}

type Parsed = { documents: Document.Parsed[]; errors: Hint[] };

function parseYaml(text: string): Parsed {
	const parsed = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: true });
	const documents = Array.isArray(parsed) ? parsed : [];
	const errors = documents.flatMap((document) =>
		[...document.errors, ...document.warnings].map((error): Hint => {
			const [from, to] = error.pos;
			const end = Math.min(Math.max(to, from + 1), text.length);
			const severity = error.name === 'YAMLWarning' ? 'warning' : 'error';
			return { from: Math.min(from, end), to: end, severity, message: yamlWords(error) };
		}),
	);
	return { documents: documents as Document.Parsed[], errors };
}

const yamlWords = ({ code, message }: { code: string; message: string }): string =>
	code === 'TAB_AS_INDENT'
		? 'YAML is indented with spaces; this is a tab.'
		: code === 'DUPLICATE_KEY'
			? 'This name stands here twice; only one of them would count.'
			: `${brief(message).replace(/\.$/, '')}.`;

export function lintYaml(text: string): Hint[] {
	return parseYaml(text).errors.slice(0, MOST_HINTS);
}

export async function formatYaml(text: string): Promise<Formatted> {
	const { errors } = parseYaml(text);
	const error = errors.find((one) => one.severity === 'error');
	if (error) return { ok: false, line: lineOf(text, error.from), message: error.message };
	const formatted = await prettier.format(text, {
		...{ parser: 'yaml', plugins: [yamlPlugin] },
		...{ tabWidth: INDENT, proseWrap: 'preserve', printWidth: LINE, bracketSpacing: false },
	});
	// Should a rare construct come out as something else, the student's text stays.
	if (meaning(formatted) !== meaning(text)) {
		return { ok: false, line: 1, message: 'This file can’t be formatted without changing it.' };
	}
	return { ok: true, text: formatted };
}

const meaning = (text: string): string =>
	JSON.stringify(
		parseYaml(text).documents.map((document) => document.toJS({ maxAliasCount: 100 })),
	);

export const methods = { lintJson, formatJson, lintYaml, formatYaml };
