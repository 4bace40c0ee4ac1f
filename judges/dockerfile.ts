// Reads a student's Dockerfile as Docker does: its instructions, wherever they are continued, commented
// or quoted, and the lines that they stand on.

import { posix } from 'node:path';
import { DockerfileParser, type Instruction as Parsed } from 'dockerfile-ast';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import type { Evidence } from '@containrlab/protocol/verdict.ts';
import { readStages, type Stage } from './dockerfile-stages.ts';
import { plain } from './text.ts';

/** What an instruction starts: the exec form's words, or a line for a shell. */
export type Command =
	| { form: 'exec'; words: string[] }
	/** `broken`: it begins like a list and isn't one, so Docker hands it to a shell. */
	| { form: 'shell' | 'broken'; text: string };

export interface Instruction {
	/** From 1. */
	line: number;
	/** Upper case. */
	keyword: string;
	/** `--from=build --chown=app`, as written. */
	flags: string[];
	/** All that follows keyword and flags, on one line. */
	rest: string;
	/** Of RUN, CMD, ENTRYPOINT and SHELL. */
	command: Command | undefined;
}

export interface DockerfileSource {
	path: string;
	lines: string[];
	/** Without those that only come into being in a child's build, which are ONBUILD's rest. */
	instructions: Instruction[];
	stages: Stage[];
	/** It is too long to be taken apart: nothing is known of its instructions. */
	tooLong: boolean;
}

/** Beyond this a Dockerfile is only shown line by line: parsing hostile text takes time. */
const PARSE_LIMIT = 64 * 1024;
const COMMANDS = new Set(['RUN', 'CMD', 'ENTRYPOINT', 'SHELL']);

export function readDockerfile(path: string, source: string): DockerfileSource {
	const lines = source.split(/\r?\n/);
	if (source.length > PARSE_LIMIT) {
		return { path, lines, instructions: [], stages: [], tooLong: true };
	}
	const instructions = parse(source).map(readInstruction);
	return { path, lines, instructions, stages: readStages(instructions), tooLong: false };
}

/** Stands behind what must not be taken for a continuation; it means nothing and is shown to nobody. */
const MARK = '\ue000';

/**
 * Docker goes on in the next line after one escape at the end; after two, of which the parser knows
 * nothing, the line is over.
 */
function parse(source: string): Parsed[] {
	const directives = /^(?:\ufeff?[ \t]*#.*\n)*/.exec(source)?.[0] ?? '';
	const escape = DockerfileParser.parse(directives).getEscapeCharacter() === '`' ? '`' : '\\\\';
	const doubled = new RegExp(`(${escape}{2})(?=[ \\t]*\\r?$)`, 'gm');
	return DockerfileParser.parse(source.replace(doubled, `$1${MARK}`)).getInstructions();
}

function readInstruction(parsed: Parsed): Instruction {
	const keyword = parsed.getKeyword();
	const rest = (parsed.getArgumentsContent() ?? '')
		.replaceAll(MARK, '')
		.replace(/\s+/g, ' ')
		.trim();
	return {
		line: parsed.getInstructionRange().start.line + 1,
		keyword,
		flags: flagsOf(parsed),
		rest,
		command: COMMANDS.has(keyword) ? readCommand(rest) : undefined,
	};
}

/** The parser's own type for instructions with flags isn't exported. */
function flagsOf(parsed: Parsed): string[] {
	if (!('getFlags' in parsed) || typeof parsed.getFlags !== 'function') return [];
	return (parsed.getFlags() as unknown[]).map((flag) => String(flag).replaceAll(MARK, ''));
}

/** As Docker decides: a JSON list of strings is one, anything else is for a shell. */
export function readCommand(text: string): Command {
	if (!text.startsWith('[')) return { form: 'shell', text };
	try {
		const words: unknown = JSON.parse(text);
		if (Array.isArray(words) && words.every((word) => typeof word === 'string')) {
			return { form: 'exec', words };
		}
	} catch {
		// Not JSON: handed to a shell below.
	}
	return { form: 'broken', text };
}

/** What is looked at in an instruction: flags and words, on one line. */
export function wordsOf({ flags, rest, command }: Instruction): string {
	const words = command?.form === 'exec' ? command.words.join(' ') : rest;
	return [...flags, words].join(' ');
}

/** The Dockerfile that a build from this folder reads, through links that stay within. */
export function findDockerfile(
	files: ReadonlyMap<string, SubmittedFile>,
): DockerfileSource | undefined {
	let path = 'Dockerfile';
	for (let links = 0; links < 5; links += 1) {
		const file = files.get(path);
		if (file?.kind === 'text') return readDockerfile(path, file.text);
		if (file?.kind !== 'link') return undefined;
		if (posix.isAbsolute(file.target)) return undefined;
		path = posix.join(posix.dirname(path), file.target);
	}
	return undefined;
}

/** The line as evidence; nothing when there is no such line. */
export function lineEvidence(
	file: DockerfileSource | undefined,
	line: number | undefined,
): Evidence[] {
	const text = line === undefined ? undefined : file?.lines[line - 1];
	if (file === undefined || line === undefined || text === undefined) return [];
	return [{ kind: 'line', file: file.path, line, text: plain(text).slice(0, 500) }];
}

/** The last of these instructions: the one that counts for CMD, ENTRYPOINT, EXPOSE. */
export function lastInstruction(
	file: DockerfileSource | undefined,
	...keywords: string[]
): Instruction | undefined {
	return file?.instructions.findLast((instruction) => keywords.includes(instruction.keyword));
}
