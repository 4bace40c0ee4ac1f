// All checks that a lab can declare, by name, and how a declaration becomes one that can be run.

import {
	type CheckDeclaration,
	type CheckName,
	type CheckView,
	inPhases,
	viewOf,
} from '@containrlab/protocol/checks/declaration.ts';
import { headingsOf } from '@containrlab/protocol/headings.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';
import type { Check, Facts } from './check.ts';
import { buildReusesCache } from './build-reuses-cache.ts';
import { containerHealthy } from './container-healthy.ts';
import {
	containerListens,
	containerLogs,
	containerMemory,
	containerNotRoot,
} from './container-looks.ts';
import { containerRuns } from './container-runs.ts';
import { containerRestarts, containerStops } from './container-stops.ts';
import { containerKeepsData, containerReadOnly } from './container-storage.ts';
import { contextExcludes } from './context-excludes.ts';
import { dockerfileBase, dockerfilePinned, dockerfileStages } from './dockerfile-bases.ts';
import { dockerfileExecForm } from './dockerfile-exec-form.ts';
import {
	dockerfileForbids,
	dockerfileInstruction,
	dockerfileOrder,
} from './dockerfile-instructions.ts';
import { filePresent } from './file-present.ts';
import { http } from './http.ts';
import { imageConfig } from './image-config.ts';
import { imageExcludes, imageHidesSecrets } from './image-files.ts';
import { imageSize } from './image-size.ts';
import { imageBuilds } from './image-builds.ts';

const LIBRARY: { [Name in CheckName]: Check<Name> } = {
	'file-present': filePresent,
	'context-excludes': contextExcludes,
	'dockerfile-instruction': dockerfileInstruction,
	'dockerfile-forbids': dockerfileForbids,
	'dockerfile-order': dockerfileOrder,
	'dockerfile-exec-form': dockerfileExecForm,
	'dockerfile-pinned': dockerfilePinned,
	'dockerfile-stages': dockerfileStages,
	'dockerfile-base': dockerfileBase,
	'image-builds': imageBuilds,
	'build-reuses-cache': buildReusesCache,
	'container-runs': containerRuns,
	'container-listens': containerListens,
	'container-not-root': containerNotRoot,
	'container-memory': containerMemory,
	'container-logs': containerLogs,
	'container-stops': containerStops,
	'container-restarts': containerRestarts,
	'container-read-only': containerReadOnly,
	'container-healthy': containerHealthy,
	'container-keeps-data': containerKeepsData,
	'image-config': imageConfig,
	'image-size': imageSize,
	'image-excludes': imageExcludes,
	'image-hides-secrets': imageHidesSecrets,
	http,
};

/** A check as a lab declared it, with what the declaration left open filled in. */
export interface BoundCheck extends CheckView {
	name: CheckName;
	needs: readonly CheckName[];
	onlyLooks: boolean;
	run(facts: Facts): Promise<Failure | undefined>;
}

/** In the order in which they run. */
export function bindChecks({ front, text }: Pick<Lab, 'front' | 'text'>): BoundCheck[] {
	const parts = new Map(headingsOf(text).map(({ anchor, title }) => [anchor, { anchor, title }]));
	return inPhases(front.checks).map((declared) =>
		bind(declared.check, declared, parts.get(declared.teaches ?? '')),
	);
}

function bind<Name extends CheckName>(
	name: Name,
	declared: CheckDeclaration,
	teaches: Failure['teaches'],
): BoundCheck {
	const check: Check<Name> = LIBRARY[name];
	// `name` is declared.check, which the type system can't carry through a union.
	const own = declared as Parameters<Check<Name>['run']>[0];
	return {
		...viewOf(declared),
		name,
		needs: check.needs,
		onlyLooks: check.onlyLooks(own),
		run: async (facts) => {
			const failure = await check.run(own, facts);
			if (!failure) return undefined;
			return {
				...failure,
				...(declared.hint !== undefined && { hint: declared.hint }),
				...(teaches && { teaches }),
			};
		},
	};
}
