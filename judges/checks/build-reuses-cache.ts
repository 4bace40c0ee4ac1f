// build-reuses-cache: after a change to the code, the steps that don't depend on it come from the cache.
// Measured by building a second time, and by what the builder says of each step.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import { instructionOf, type Step } from '../build-steps.ts';
import { type DockerfileSource, type Instruction, lineEvidence, wordsOf } from '../dockerfile.ts';
import { takingPart } from '../dockerfile-stages.ts';
import type { Rebuild } from '../rebuild.ts';
import { InfrastructureError } from '../sandbox.ts';
import type { Check } from './check.ts';
import { describe, lines, selects, unreadable } from './dockerfile.ts';

export const buildReusesCache: Check<'build-reuses-cache'> = {
	needs: ['image-builds'],
	onlyLooks: () => false,
	run: async (declared, facts) => {
		const { dockerfile } = facts;
		// It was built, so it is there; what is behind an odd link or too long can't be pointed at.
		if (!dockerfile) throw new InfrastructureError('dockerfile-not-read', 'built from an odd file');
		return (
			unreadable(dockerfile) ??
			judgeReuse(declared, await facts.rebuild(declared.change), dockerfile)
		);
	},
};

interface Placed {
	step: Step;
	instruction: Instruction | undefined;
}

export function judgeReuse(
	declared: Declared<'build-reuses-cache'>,
	{ status, steps }: Rebuild,
	file: DockerfileSource,
): Failure | undefined {
	const placed = new Map<string, Placed>(
		steps.map((step) => [step.digest, { step, instruction: instructionOf(step, file) }]),
	);
	for (const selector of declared.reuse) {
		const wanted = [...placed.values()].filter(
			({ instruction }) => instruction && selects(selector, instruction),
		);
		if (wanted.length === 0) {
			const used = takingPart(file.stages);
			const written = file.stages
				.filter((_stage, index) => used.has(index))
				.flatMap(({ instructions }) => instructions)
				.some((instruction) => selects(selector, instruction));
			if (written)
				throw new InfrastructureError('steps-not-placed', JSON.stringify(steps.slice(0, 50)));
			return noSuchStep(selector, file);
		}
		const again = wanted.find(({ step }) => step.state !== 'cached');
		if (!again) continue;
		if (again.step.state === 'waiting') {
			throw new InfrastructureError('not-rebuilt', `the second build ended early: ${status}`);
		}
		return notReused(declared, again, firstChanged(again, placed), file);
	}
	return undefined;
}

function noSuchStep(
	selector: Declared<'build-reuses-cache'>['reuse'][number],
	file: DockerfileSource,
): Failure {
	const same = file.instructions.filter(({ keyword }) => keyword === selector.instruction);
	return {
		code: 'cache-step-missing',
		message: `No step of the build is ${describe(selector)}, so there is nothing to take from the cache.`,
		hint: `Give it a ${selector.instruction} line of its own, in a stage that the image is made of.`,
		evidence: [
			{
				...{ kind: 'compare', label: 'Steps of the build', expected: describe(selector) },
				observed:
					same.length === 0 ? `no ${selector.instruction}` : `${same.length} of other content`,
			},
			...lines(file, same),
		],
	};
}

/** The first step on the way to this one that was run again: from there on nothing is cached. */
function firstChanged(from: Placed, placed: ReadonlyMap<string, Placed>): Placed {
	let found = from;
	const seen = new Set<string>();
	const waiting = [from];
	for (let next = waiting.pop(); next; next = waiting.pop()) {
		for (const digest of next.step.inputs) {
			const input = placed.get(digest);
			if (!input || seen.has(digest)) continue;
			seen.add(digest);
			if (!input.instruction || input.step.state === 'cached') continue;
			found = input;
			waiting.push(input);
		}
	}
	return found;
}

function notReused(
	{ change }: Declared<'build-reuses-cache'>,
	again: Placed,
	cause: Placed,
	file: DockerfileSource,
): Failure {
	const changed = change.join(' and ');
	const seconds = (again.step.durationMs / 1000).toFixed(1);
	const took: Evidence = {
		kind: 'compare',
		label: `Build after a change to ${changed}`,
		expected: `${titleOf(again)}: CACHED`,
		observed: `${titleOf(again)}: run again${again.step.state === 'finished' ? `, ${seconds} s` : ''}`,
	};
	const itself = cause === again || !cause.instruction;
	const lineOf = ({ instruction }: Placed) => lineEvidence(file, instruction?.line);
	return {
		code: 'cache-not-reused',
		message: itself
			? `After a change to ${changed}, ${titleOf(again)} was run again: it depends on files that had changed.`
			: `After a change to ${changed}, ${titleOf(again)} was run again, because line ${cause.instruction?.line} above it copies what had changed.`,
		hint: itself
			? 'Let this step see only the files that it needs, and copy the rest of the code below it.'
			: `Docker takes steps from the cache until the first that changed. Above line ${again.instruction?.line}, copy only the files that this step needs; copy the rest of the code below it.`,
		evidence: [...(itself ? [] : lineOf(cause)), ...lineOf(again), took],
	};
}

function titleOf({ instruction }: Placed): string {
	if (!instruction) return 'a step';
	const words = wordsOf(instruction);
	return `${instruction.keyword} ${words.length > 60 ? `${words.slice(0, 60)}…` : words}`;
}
