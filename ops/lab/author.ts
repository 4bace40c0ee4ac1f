// The author's test: of a lab the starter fails, the solution passes, and each wrong solution fails
// first with the code that it was written for, in words that help.

import { readDockerfile } from '@containrlab/judges/dockerfile.ts';
import { type AuthoredCases, readAuthoredCases } from '@containrlab/labs/catalog.ts';
import type { Lab, LabFile } from '@containrlab/protocol/lab.ts';
import type { Failure, Verdict } from '@containrlab/protocol/verdict.ts';

export interface AuthorCase {
	/** `starter`, `solution`, `wrong/<case>` */
	name: string;
	/** What must come of it: any failure, none at all, or this one first. */
	expected: 'failed' | 'passed' | { code: string };
	files: LabFile[];
}

export async function authorCases(labs: string, lab: Lab): Promise<AuthorCase[]> {
	const { solution, wrong } = await readAuthoredCases(labs, lab);
	return [
		{ name: 'starter', expected: 'failed', files: lab.starter },
		{ name: 'solution', expected: 'passed', files: solution },
		...wrong.map(({ name, code, files }): AuthorCase => {
			return { name: `wrong/${name}`, expected: { code }, files };
		}),
	];
}

/** What is wrong about a verdict; nothing when the lab judges this case as its author says. */
export function verdictMistakes({ expected }: AuthorCase, verdict: Verdict): string[] {
	if (verdict.status === 'error') return [`it could not be judged: ${verdict.code}`];
	if (expected === 'passed') {
		return verdict.checks.flatMap(({ id, status, failure }) =>
			status === 'passed' ? [] : [`${id}: ${failure?.code ?? status}. ${failure?.message ?? ''}`],
		);
	}
	if (verdict.status === 'passed') return ['it passed, and should fail'];
	const [first] = verdict.failures;
	const other = expected !== 'failed' && first?.code !== expected.code;
	return [
		...(other ? [`it fails with ${first?.code}, and should fail with ${expected.code}`] : []),
		...verdict.failures.flatMap(unhelpful),
	];
}

/** A beginner must be told what was wrong, what was seen, and what to try. */
function unhelpful({ code, message, hint, evidence }: Failure): string[] {
	return [
		...(message.length > 20 ? [] : [`${code} doesn't say what is wrong`]),
		...(hint.length > 10 ? [] : [`${code} doesn't say what to try`]),
		...(evidence.length > 0 ? [] : [`${code} shows no evidence`]),
	];
}

/** Images that the solution builds upon, but that the front matter doesn't promise. */
export function unnamedImages(lab: Lab, solution: AuthoredCases['solution']): string[] {
	return solution.flatMap((file) => {
		if (file.kind !== 'text' || !/(^|\/)Dockerfile/.test(file.path)) return [];
		return readDockerfile(file.path, file.text)
			.stages.filter(({ parent, base }) => parent === undefined && base !== 'scratch')
			.map(({ base }) => base)
			.filter((base) => !lab.front.images.includes(base));
	});
}
