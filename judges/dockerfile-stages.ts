// The stages of a Dockerfile: what each is built upon, what it copies from, and which take part.

import type { Instruction } from './dockerfile.ts';

export interface Stage {
	/** As FROM says, lower case, for Docker doesn't tell cases apart. */
	name: string | undefined;
	/** What FROM names, with its variables filled in: an image, or an earlier stage's name. */
	base: string;
	/** The earlier stage that is built upon. */
	parent: number | undefined;
	/** FROM, and all that follows it. */
	instructions: Instruction[];
	/** What is copied or mounted from elsewhere. */
	sources: Source[];
}

export interface Source {
	line: number;
	/** An earlier stage, or an image. */
	from: { stage: number } | { image: string };
}

export function readStages(instructions: readonly Instruction[]): Stage[] {
	const stages: Stage[] = [];
	const globals = new Map<string, string>();
	for (const instruction of instructions) {
		const { keyword, rest } = instruction;
		const stage = stages.at(-1);
		if (keyword === 'FROM') stages.push(begin(instruction, stages, globals));
		else if (!stage && keyword === 'ARG') readArguments(rest, globals);
		else if (stage) {
			stage.instructions.push(instruction);
			stage.sources.push(...sourcesOf(instruction, stages, globals));
		}
	}
	return stages;
}

function begin(from: Instruction, earlier: readonly Stage[], globals: Map<string, string>): Stage {
	const [written = '', as, name] = from.rest.split(' ');
	const base = fillIn(written, globals);
	const parent = stageOf(base, earlier);
	return {
		name: as?.toUpperCase() === 'AS' ? name?.toLowerCase() : undefined,
		base,
		parent,
		instructions: [from],
		sources: [],
	};
}

/** A later stage of the same name hides the earlier one. */
function stageOf(name: string, earlier: readonly Stage[]): number | undefined {
	const index = earlier.findLastIndex((stage) => stage.name === name.toLowerCase());
	return index === -1 ? undefined : index;
}

function sourcesOf(
	{ keyword, line, flags }: Instruction,
	stages: readonly Stage[],
	globals: Map<string, string>,
): Source[] {
	const named = flags.flatMap((flag) => {
		if (keyword === 'COPY') return /^--from=(.*)$/i.exec(flag)?.[1] ?? [];
		if (keyword === 'RUN') return /^--mount=(?:.*,)?from=([^,]*)/i.exec(flag)?.[1] ?? [];
		return [];
	});
	const earlier = stages.slice(0, -1);
	return named.map((name) => {
		const filled = fillIn(name, globals);
		const number = /^\d+$/.test(filled) ? Number(filled) : undefined;
		const stage = stageOf(filled, earlier) ?? number;
		const known = stage !== undefined && stage < earlier.length;
		return { line, from: known ? { stage } : { image: filled } };
	});
}

/** Indices of the stages without which the image would be another, the last one first. */
export function takingPart(stages: readonly Stage[]): Set<number> {
	const found = new Set<number>();
	const waiting = stages.length > 0 ? [stages.length - 1] : [];
	for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
		const stage = stages[index];
		if (!stage || found.has(index)) continue;
		found.add(index);
		if (stage.parent !== undefined) waiting.push(stage.parent);
		for (const { from } of stage.sources) if ('stage' in from) waiting.push(from.stage);
	}
	return found;
}

/** The last stage and those that it is built upon, the last one first: their instructions are the image's. */
export function finalChain(stages: readonly Stage[]): Stage[] {
	const chain: Stage[] = [];
	for (let stage = stages.at(-1); stage; stage = stages[stage.parent ?? -1]) chain.push(stage);
	return chain;
}

/** `ARG A=1 B="two"` before the first FROM. */
function readArguments(rest: string, globals: Map<string, string>): void {
	for (const [, name = '', quoted, bare = ''] of rest.matchAll(/(\w+)=(?:"([^"]*)"|(\S*))/g)) {
		globals.set(name, fillIn(quoted ?? bare.replace(/^'(.*)'$/, '$1'), globals));
	}
}

/** `$A`, `${A}`, `${A:-without}` and `${A:+with}`; what isn't set is nothing, as Docker has it. */
function fillIn(text: string, values: ReadonlyMap<string, string>): string {
	return text.replace(
		/\$(?:(\w+)|\{(\w+)(?::?([-+])([^}]*))?\})/g,
		(_all, bare: string | undefined, braced = '', kind: string | undefined, other = '') => {
			const value = values.get(bare ?? braced) ?? '';
			if (kind === '-') return value || other;
			return kind === '+' ? value && other : value;
		},
	);
}

/** An image's name, taken apart: `registry/python:3.13-slim@sha256:…`. */
export function readImageName(image: string): { tag?: string; digest?: string } {
	const [name = '', digest] = image.split('@');
	const tag = /:([^:/]+)$/.exec(name)?.[1];
	return { ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}
