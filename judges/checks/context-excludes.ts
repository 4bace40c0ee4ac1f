// context-excludes: what doesn't belong into an image stays out of the build context, by Docker's
// own matching: the planted files are looked for among the names that Docker really sent.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import type { BuildContext } from '../context.ts';
import { plain } from '../text.ts';
import type { Check, Facts } from './check.ts';

export const contextExcludes: Check<'context-excludes'> = {
	needs: [],
	onlyLooks: () => true,
	run: async (declared, facts) => judgeContext(declared, await facts.context(), facts.files),
};

export function judgeContext(
	declared: Declared<'context-excludes'>,
	context: BuildContext,
	files: Facts['files'],
): Failure | undefined {
	const ignore = ignoreFile(files);
	if (!context.ok) return invalidPatterns(context.message, files);
	const { paths } = context;
	const leaked = declared.plant.filter((path) => paths.has(path));
	const lost = declared.keep.filter((path) => files.has(path) && !paths.has(path));
	if (ignore === undefined && leaked.length > 0) return missing(declared, leaked);
	if (leaked.length > 0) return notIgnored(leaked, ignored(ignore, files), ignore);
	if (lost.length > 0) return overIgnored(lost, ignored(ignore, files), ignore);
	return undefined;
}

function missing(declared: Declared<'context-excludes'>, leaked: string[]): Failure {
	return {
		code: 'dockerignore-missing',
		message: `There is no .dockerignore, so everything in the folder reaches the build, ${tops(declared.plant)} too.`,
		hint: 'Make a file named .dockerignore, with the dot in front, next to the Dockerfile. Write one pattern per line for what to leave out.',
		evidence: [
			{
				kind: 'compare',
				label: 'Build context',
				expected: `without ${tops(declared.plant)}`,
				observed: leaked.join('\n'),
			},
		],
	};
}

function notIgnored(leaked: string[], patterns: Evidence[], ignore = '.dockerignore'): Failure {
	const nested = leaked.find((path) => topOf(path) !== path.split('/')[0]);
	const deep = leaked.every((path) => topOf(path) !== path.split('/')[0]);
	return {
		code: 'context-not-ignored',
		message: `${ignore} lets ${tops(leaked)} through to the build.`,
		hint:
			nested && deep
				? `A pattern without a slash matches at the top of the folder only. Put **/ in front of it to match at every depth, ${topOf(nested)} included.`
				: 'Add a pattern for each of these folders. With **/ in front it matches at every depth.',
		evidence: [
			{
				kind: 'compare',
				label: 'Build context',
				expected: `without ${tops(leaked)}`,
				observed: leaked.join('\n'),
			},
			...patterns,
		],
	};
}

function overIgnored(lost: string[], patterns: Evidence[], ignore = '.dockerignore'): Failure {
	return {
		code: 'context-over-ignored',
		message: `${ignore} leaves out ${lost.join(', ')}, which the app needs.`,
		hint: 'Look for the pattern that matches this file. Make it narrower, or bring the file back with a later line that starts with "!".',
		evidence: [
			{
				kind: 'compare',
				label: 'Build context',
				expected: `with ${lost.join(', ')}`,
				observed: `without ${lost.join(', ')}`,
			},
			...patterns,
		],
	};
}

/** The ignore file that belongs to this Dockerfile takes the place of the general one. */
const ignoreFile = (files: Facts['files']): string | undefined =>
	['Dockerfile.dockerignore', '.dockerignore'].find((path) => files.has(path));

/** The build says so as well, in the same words. */
export function invalidPatterns(message: string, files: Facts['files']): Failure {
	const ignore = ignoreFile(files) ?? '.dockerignore';
	return {
		code: 'dockerignore-invalid',
		message: `Docker can't read ${ignore}.`,
		hint: 'Correct the pattern that the message names: brackets, for one, must be closed.',
		evidence: [{ kind: 'output', label: 'Docker says', text: message.slice(0, 1000) }],
	};
}

/** The lines of the ignore file, as far as they say something. */
function ignored(ignore: string | undefined, files: Facts['files']): Evidence[] {
	const file = ignore === undefined ? undefined : files.get(ignore);
	if (ignore === undefined || file?.kind !== 'text') return [];
	return file.text
		.split(/\r?\n/)
		.map((text, index) => ({ kind: 'line' as const, file: ignore, line: index + 1, text }))
		.filter(({ text }) => text.trim() !== '' && !text.startsWith('#'))
		.map((evidence) => ({ ...evidence, text: plain(evidence.text).slice(0, 200) }))
		.slice(0, 20);
}

/** The folder that a pattern would name: `pages/__pycache__/x.pyc` → `pages/__pycache__`. */
function topOf(path: string): string {
	const parts = path.split('/');
	const named = parts.findIndex((part) => /^(__pycache__|\.?venv|node_modules|\.git)$/.test(part));
	return parts.slice(0, named === -1 ? 1 : named + 1).join('/');
}

function tops(paths: readonly string[]): string {
	const names = [...new Set(paths.map(topOf))];
	if (names.length < 2) return names.join('');
	return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
