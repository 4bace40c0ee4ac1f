// All checks that a lab can declare, by name.

import type { CheckDeclaration, CheckName } from '@containrlab/protocol/lab.ts';
import type { Failure, JudgePhase } from '@containrlab/protocol/verdict.ts';
import type { Check, Facts } from './check.ts';
import { containerRuns } from './container-runs.ts';
import { contextExcludes } from './context-excludes.ts';
import { filePresent } from './file-present.ts';
import { http } from './http.ts';
import { imageBuilds } from './image-builds.ts';

const LIBRARY: { [Name in CheckName]: Check<Name> } = {
	'file-present': filePresent,
	'context-excludes': contextExcludes,
	'image-builds': imageBuilds,
	'container-runs': containerRuns,
	http,
};

/** A check as a lab declared it, with what the declaration left open filled in. */
export interface BoundCheck {
	name: CheckName;
	id: string;
	title: string;
	phase: JudgePhase;
	needs: readonly CheckName[];
	onlyLooks: boolean;
	run(facts: Facts): Promise<Failure | undefined>;
}

export function bindCheck(declared: CheckDeclaration): BoundCheck {
	return bind(declared.check, declared);
}

function bind<Name extends CheckName>(name: Name, declared: CheckDeclaration): BoundCheck {
	const check: Check<Name> = LIBRARY[name];
	// `name` is declared.check, which the type system can't carry through a union.
	const own = declared as Parameters<Check<Name>['run']>[0];
	return {
		name,
		id: declared.id ?? name,
		title: declared.title ?? check.title(own),
		phase: check.phase,
		needs: check.needs,
		onlyLooks: check.onlyLooks(own),
		run: async (facts) => {
			const failure = await check.run(own, facts);
			return failure && declared.hint ? { ...failure, hint: declared.hint } : failure;
		},
	};
}
