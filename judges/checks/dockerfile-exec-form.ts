// dockerfile-exec-form: what the image starts is written as a list, so that no shell stands between
// Docker and the app.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';
import type { Command, DockerfileSource, Instruction } from '../dockerfile.ts';
import { finalChain, type Stage } from '../dockerfile-stages.ts';
import { lines, ofDockerfile } from './dockerfile.ts';

export const dockerfileExecForm = ofDockerfile<'dockerfile-exec-form'>(judgeExecForm);

export function judgeExecForm(
	_declared: Declared<'dockerfile-exec-form'>,
	file: DockerfileSource,
): Failure | undefined {
	// The last of each counts, a stage inherits what it doesn't say itself, and whoever sets ENTRYPOINT
	// no longer inherits CMD.
	const chain = finalChain(file.stages);
	const [entry, at] = lastOf('ENTRYPOINT', chain);
	const [cmd] = lastOf('CMD', chain.slice(0, at + 1));
	for (const started of [entry, cmd]) {
		if (started?.command && started.command.form !== 'exec') {
			return notAList(file, started, started.command);
		}
	}
	return undefined;
}

/** The instruction that counts, and how far up the chain it stands; the chain's end without one. */
function lastOf(keyword: string, chain: readonly Stage[]): [Instruction | undefined, number] {
	for (const [depth, { instructions }] of chain.entries()) {
		const last = instructions.findLast((instruction) => instruction.keyword === keyword);
		if (last) return [last, depth];
	}
	return [undefined, chain.length];
}

function notAList(
	file: DockerfileSource,
	instruction: Instruction,
	command: Exclude<Command, { form: 'exec' }>,
): Failure {
	const { keyword, line } = instruction;
	const broken = command.form === 'broken';
	return {
		code: broken ? 'dockerfile-exec-form-broken' : 'dockerfile-shell-form',
		message: broken
			? `The list on line ${line} isn't one that Docker can read, so it hands the text to a shell.`
			: `${keyword} on line ${line} is written in shell form: a shell is started, and it starts your program.`,
		hint: broken
			? `Every word of the list stands in double quotes, with commas between, and none behind the last: ${keyword} ["program", "argument"]`
			: `Write it as a list, each word in double quotes: ${suggestion(keyword, command.text)}`,
		evidence: [
			...lines(file, [instruction]),
			{
				kind: 'compare',
				label: 'Form',
				expected: `${keyword} ["…", "…"]`,
				observed: `${keyword} ${command.text.slice(0, 200)}`,
			},
		],
	};
}

/** The words of a simple command as a list; for what a shell would do something with, the form alone. */
function suggestion(keyword: string, text: string): string {
	const simple = /^[\w./:=@,+-]+( [\w./:=@,+-]+)*$/.test(text) && text.length <= 120;
	const words = simple ? text.split(' ') : ['program', 'argument'];
	return `${keyword} [${words.map((word) => JSON.stringify(word)).join(', ')}]`;
}
