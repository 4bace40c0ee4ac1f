// Reads a student's Dockerfile far enough to point at its lines.

import { DockerfileParser } from 'dockerfile-ast';
import type { Evidence } from '@containrlab/protocol/verdict.ts';
import { plain } from './text.ts';

export interface Instruction {
	/** From 1. */
	line: number;
	/** Upper case. */
	keyword: string;
	/** All that follows the keyword, on one line. */
	rest: string;
}

export interface DockerfileSource {
	path: string;
	lines: string[];
	instructions: Instruction[];
}

/** Beyond this a Dockerfile is only shown line by line: parsing hostile text takes time. */
const PARSE_LIMIT = 64 * 1024;

export function readDockerfile(path: string, source: string): DockerfileSource {
	const lines = source.split(/\r?\n/);
	if (source.length > PARSE_LIMIT) return { path, lines, instructions: [] };
	const instructions = DockerfileParser.parse(source)
		.getInstructions()
		.map((instruction) => ({
			line: instruction.getInstructionRange().start.line + 1,
			keyword: instruction.getKeyword(),
			rest: (instruction.getArgumentsContent() ?? '').replace(/\s+/g, ' ').trim(),
		}));
	return { path, lines, instructions };
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
