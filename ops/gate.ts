// `npm run gate -- a|b|c|d`: one gate of the main job, on the real stack.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepareMachine } from './prepare.ts';
import { ROOT } from './setup/data-dir.ts';
import { vitest } from './vitest.ts';

const [gate = '', ...args] = process.argv.slice(2);
const file = `ops/e2e/gate-${gate}.test.ts`;
if (!/^[a-z]$/.test(gate) || !existsSync(join(ROOT, file))) {
	console.error('Which gate? npm run gate -- a (or b, c, d)');
	process.exit(2);
}
process.exit(vitest(await prepareMachine(), ['--project', 'e2e', file, ...args]));
