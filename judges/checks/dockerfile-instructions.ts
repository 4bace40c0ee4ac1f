// dockerfile-instruction, dockerfile-forbids, dockerfile-order: which instructions there are, and in
// which order.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Selector } from '@containrlab/protocol/checks/dockerfile.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';
import type { DockerfileSource, Instruction } from '../dockerfile.ts';
import { finalChain } from '../dockerfile-stages.ts';
import { describe, lines, ofDockerfile, selects } from './dockerfile.ts';

export const dockerfileInstruction = ofDockerfile<'dockerfile-instruction'>(judgeInstruction);
export const dockerfileForbids = ofDockerfile<'dockerfile-forbids'>(judgeForbidden);
export const dockerfileOrder = ofDockerfile<'dockerfile-order'>(judgeOrder);

export function judgeInstruction(
	declared: Declared<'dockerfile-instruction'>,
	file: DockerfileSource,
): Failure | undefined {
	const looked =
		declared.stage === 'any'
			? file.instructions
			: finalChain(file.stages).flatMap(({ instructions }) => instructions);
	if (looked.some((instruction) => selects(declared, instruction))) return undefined;
	const elsewhere = file.instructions.filter((instruction) => selects(declared, instruction));
	return missing(declared, file, elsewhere);
}

function missing(
	wanted: Selector,
	file: DockerfileSource,
	elsewhere: readonly Instruction[] = [],
): Failure {
	const { instruction } = wanted;
	const same = file.instructions.filter(({ keyword }) => keyword === instruction);
	return {
		code: 'dockerfile-instruction-missing',
		message:
			elsewhere.length > 0
				? `${describe(wanted)} stands in a stage that the image isn't made of.`
				: `The Dockerfile has no ${describe(wanted)}.`,
		hint:
			elsewhere.length > 0
				? 'Only what the last stage says, or a stage that it is built upon, is in the image. Move the line below the last FROM.'
				: same.length > 0
					? `There is ${instruction}, but not with this. Compare your line with the lab's text.`
					: `Add a line that begins with ${instruction}.`,
		evidence: [
			{
				kind: 'compare',
				label: instruction,
				expected: describe(wanted),
				observed: same.length === 0 ? `no ${instruction}` : `${same.length} of other content`,
			},
			...lines(file, elsewhere.length > 0 ? elsewhere : same),
		],
	};
}

export function judgeForbidden(
	declared: Declared<'dockerfile-forbids'>,
	file: DockerfileSource,
): Failure | undefined {
	const found = file.instructions.filter((instruction) => selects(declared, instruction));
	const [first] = found;
	if (!first) return undefined;
	return {
		code: 'dockerfile-instruction-forbidden',
		message: `Line ${first.line} of the Dockerfile says ${describe(declared)}, which this lab does without.`,
		hint: declared.instead,
		evidence: lines(file, found),
	};
}

export function judgeOrder(
	{ first, then }: Declared<'dockerfile-order'>,
	file: DockerfileSource,
): Failure | undefined {
	let found = false;
	for (const [index, { instructions }] of file.stages.entries()) {
		const later = instructions.findIndex((instruction) => selects(then, instruction));
		if (later === -1) continue;
		found = true;
		const inherited = finalChain(file.stages.slice(0, index + 1)).slice(1);
		const before = [
			...inherited.flatMap((stage) => stage.instructions),
			...instructions.slice(0, later),
		];
		if (before.some((instruction) => selects(first, instruction))) continue;
		const late = instructions.slice(later).find((instruction) => selects(first, instruction));
		return late ? wrongOrder(first, then, file, late, instructions[later]!) : missing(first, file);
	}
	return found ? undefined : missing(then, file);
}

function wrongOrder(
	first: Selector,
	then: Selector,
	file: DockerfileSource,
	late: Instruction,
	early: Instruction,
): Failure {
	return {
		code: 'dockerfile-order',
		message: `${describe(first)} on line ${late.line} comes too late: ${describe(then)} is on line ${early.line} already.`,
		hint: `Docker goes from top to bottom. Move line ${late.line} above line ${early.line}.`,
		evidence: [
			{
				kind: 'compare',
				label: 'Order',
				expected: `${describe(first)}\n${describe(then)}`,
				observed: `line ${early.line}: ${describe(then)}\nline ${late.line}: ${describe(first)}`,
			},
			...lines(file, [early, late]),
		],
	};
}
