// Finding words in all texts of a workspace; runs in a worker, because a pattern may be hostile.

export type Query = { text: string; matchCase: boolean; wholeWord: boolean; regex: boolean };
export type Searched = { id: string; path: string; text: string };

export type Match = {
	/** From 1. */
	line: number;
	/** Of the excerpt: what stands before, the match, and what follows. */
	before: string;
	found: string;
	after: string;
};
export type FileMatches = { id: string; path: string; matches: Match[] };

export type SearchResult =
	{ ok: true; files: FileMatches[]; count: number; cut: boolean } | { ok: false };

/** Nobody reads more of them. */
export const MOST_MATCHES = 1000;
const MOST_IN_FILE = 200;
const BEFORE = 32;
const FOUND = 200;
const AFTER = 120;

/** Line by line; `ok` is false when the pattern is none. */
export function searchTexts(texts: readonly Searched[], query: Query): SearchResult {
	const pattern = patternOf(query);
	if (!pattern) return { ok: false };
	const files: FileMatches[] = [];
	let count = 0;
	let cut = false;
	for (const { id, path, text } of texts) {
		if (count >= MOST_MATCHES) {
			cut = true;
			break;
		}
		const most = Math.min(MOST_IN_FILE, MOST_MATCHES - count);
		const matches = matchesIn(text, pattern, most + 1);
		cut ||= matches.length > most;
		if (matches.length > 0) files.push({ id, path, matches: matches.slice(0, most) });
		count += Math.min(matches.length, most);
	}
	return { ok: true, files, count, cut };
}

function matchesIn(text: string, pattern: RegExp, most: number): Match[] {
	const matches: Match[] = [];
	let start = 0;
	for (let line = 1; matches.length < most && start <= text.length; line += 1) {
		const newline = text.indexOf('\n', start);
		const end = newline === -1 ? text.length : newline;
		const content = text.slice(start, end);
		for (const { 0: found, index } of content.matchAll(pattern)) {
			if (found === '') continue;
			matches.push(matchAt(content, line, index, found));
			if (matches.length >= most) break;
		}
		start = end + 1;
	}
	return matches;
}

function matchAt(content: string, line: number, index: number, found: string): Match {
	const begin = Math.max(0, index - BEFORE);
	const before = content.slice(begin, index);
	return {
		line,
		before: (begin > 0 ? `…${before}` : before.trimStart()).toWellFormed(),
		found: found.slice(0, FOUND).toWellFormed(),
		after: content.slice(index + found.length, index + found.length + AFTER).toWellFormed(),
	};
}

function patternOf({ text, matchCase, wholeWord, regex }: Query): RegExp | undefined {
	if (text === '') return undefined;
	const source = regex ? `(?:${text})` : text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
	const word = wholeWord ? `(?<![\\p{L}\\p{N}_])${source}(?![\\p{L}\\p{N}_])` : source;
	try {
		return new RegExp(word, matchCase ? 'gu' : 'giu');
	} catch {
		return undefined;
	}
}

export const methods = { search: searchTexts };
