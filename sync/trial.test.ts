// Trials: what is too costly is found out aside, and whoever sends such can't make the others wait.

import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { LIMITS } from './limits.ts';
import { quadraticUpdate } from './testing.ts';
import { Trials } from './trial.ts';

const empty = Y.encodeStateAsUpdate(new Y.Doc());

function honestUpdate(): Uint8Array {
	const doc = new Y.Doc();
	for (let n = 0; n < 500; n += 1) doc.getText('text').insert(0, `${n}\n`);
	return Y.encodeStateAsUpdate(doc);
}

test('whose update was too costly isn’t tried for a while; everyone else is', async () => {
	let now = 0;
	const trials = new Trials(() => now);
	const costly = quadraticUpdate(1200);
	expect(await trials.run('mallory', empty, costly)).toBe('too-costly');
	const again = trials.run('mallory', empty, honestUpdate());
	expect(trials.waiting).toBe(0);
	expect(await again).toBe('too-costly');
	expect(await trials.run('anna', empty, honestUpdate())).toBe('fine');
	now += LIMITS.trialMs.refused;
	expect(await trials.run('mallory', empty, honestUpdate())).toBe('fine');
	expect(trials.waiting).toBe(0);
});
