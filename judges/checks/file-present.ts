// file-present: a file that the lab asks for is there, is a file, and isn't empty.

import type { Failure } from '@containrlab/protocol/verdict.ts';
import { nearest } from '@containrlab/protocol/nearest.ts';
import type { Check, Facts } from './check.ts';

export const filePresent: Check<'file-present'> = {
	needs: [],
	onlyLooks: () => true,
	run: ({ path }, { files }) => Promise.resolve(judgeFile(path, files)),
};

export function judgeFile(path: string, files: Facts['files']): Failure | undefined {
	const file = files.get(path);
	if (file?.kind === 'text' && file.text.trim() === '') {
		return {
			code: 'file-empty',
			message: `The file ${path} is there, but it is empty.`,
			hint: `Open ${path} and write it; the lab's text says what goes into it.`,
			evidence: [],
		};
	}
	if (file?.kind === 'text' || file?.kind === 'binary' || file?.kind === 'link') return undefined;
	const similar = nearest(path, files.keys());
	return {
		code: 'file-missing',
		message: `There is no file named ${path}.`,
		hint: similar
			? `You have a file named ${similar}. Rename it: the name must match exactly, upper and lower case too.`
			: `Make a new file with exactly this name.`,
		evidence: [
			{
				kind: 'compare',
				label: 'Files',
				expected: path,
				observed: [...files.keys()].slice(0, 40).join('\n') || '(no files)',
			},
		],
	};
}
