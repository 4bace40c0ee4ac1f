// What this editor teaches about a Dockerfile beyond its syntax: habits that builds and shutdowns
// profit from. A few, each with its reason; none of them fails an attempt.

import type { Dockerfile, Instruction } from 'dockerfile-ast';
import type { Range } from 'vscode-languageserver-types';

export type RuleHint = { range: Range; severity: 'warning' | 'info'; message: string };

export function teach(dockerfile: Dockerfile): RuleHint[] {
	const stages = new Set<string>();
	const hints: RuleHint[] = [];
	for (const from of dockerfile.getFROMs()) {
		const image = from.getImage();
		const range = from.getImageRange();
		const isStage = stages.has(image?.toLowerCase() ?? '');
		if (image && range && !isStage && image !== 'scratch' && !image.includes('$')) {
			if (!from.getImageTag() && !from.getImageDigest()) {
				hints.push({
					...{ range, severity: 'info' },
					message: `Name a tag, like ${image}:1.2: without one you get whatever is latest that day.`,
				});
			}
		}
		const stage = from.getBuildStage();
		if (stage) stages.add(stage.toLowerCase());
	}
	for (const instruction of dockerfile.getInstructions()) {
		const hint = RULES[instruction.getKeyword()]?.(instruction);
		if (hint) hints.push({ range: instruction.getRange(), ...hint });
	}
	return hints;
}

type Rule = (instruction: Instruction) => Omit<RuleHint, 'range'> | undefined;

const shellForm: Rule = (instruction) => {
	const content = instruction.getArgumentsContent();
	if (!content || content.startsWith('[')) return undefined;
	return {
		severity: 'info',
		message: `Write it as a list, like ${instruction.getKeyword()} ["program", "argument"]: then the program itself gets the signal that stops the container, not a shell in front of it.`,
	};
};

const RULES: Record<string, Rule | undefined> = {
	CMD: shellForm,
	ENTRYPOINT: shellForm,
	ADD: (instruction) => {
		const source = instruction.getArguments().at(0)?.getValue() ?? '';
		const special = /^(https?|git|ssh):|^git@|\.(tar|tgz|tbz2?|txz|gz|bz2|xz|zst)\b|^<</i;
		if (source === '' || special.test(source)) return undefined;
		return {
			severity: 'info',
			message: 'COPY does this. ADD is for archives to unpack and for addresses to download.',
		};
	},
	RUN: (instruction) => {
		const content = instruction.getArgumentsContent() ?? '';
		if (/^\s*cd\s+\S+\s*$/.test(content)) {
			return {
				severity: 'warning',
				message: 'This changes nothing for the next step: each RUN begins anew. Use WORKDIR.',
			};
		}
		if (/\bapt(-get)?\s+update\b/.test(content) && !/\binstall\b/.test(content)) {
			return {
				severity: 'warning',
				message:
					'Put apt-get update and apt-get install into one RUN, joined by &&: a cached list of packages grows old.',
			};
		}
		return undefined;
	},
};
