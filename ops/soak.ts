// `npm run soak -- <minutes>`: the killing gate again and again, for what shows only in time.

import { prepareMachine } from './prepare.ts';
import { vitest } from './vitest.ts';

const minutes = Number(process.argv[2] ?? 60);
if (!(minutes > 0)) throw new Error('How many minutes? npm run soak -- 60');
const images = await prepareMachine();
const end = Date.now() + minutes * 60_000;
for (let round = 1; Date.now() < end; round += 1) {
	console.log(`round ${round}`);
	const status = vitest(images, ['--project', 'e2e', 'ops/e2e/gate-d.test.ts']);
	if (status !== 0) process.exit(status);
}
