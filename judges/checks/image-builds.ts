// image-builds: `docker build` succeeds. Why it didn't is worked out in build-failure.ts.

import type { Failure } from '@containrlab/protocol/verdict.ts';
import { explainBuildFailure, explainTimeout } from '../build-failure.ts';
import type { Check } from './check.ts';

export const imageBuilds: Check<'image-builds'> = {
	needs: [],
	onlyLooks: () => true,
	run: async ({ within }, facts): Promise<Failure | undefined> => {
		const outcome = await facts.image();
		switch (outcome.status) {
			case 'built':
				return undefined;
			case 'failed':
				return explainBuildFailure(outcome.output, facts);
			case 'timeout':
				return explainTimeout(outcome.output, within, facts.dockerfile);
		}
	},
};
