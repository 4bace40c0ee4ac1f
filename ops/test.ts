// `npm test`: sets the machine up, checks everything, runs every test, and says how many passed.

import { check, CHECKS } from './check.ts';
import { prepareMachine } from './prepare.ts';
import { countTests } from './vitest.ts';

const images = await prepareMachine();
const failedChecks = await check();
const tests = await countTests(images, process.argv.slice(2));
const passed = tests.passed + CHECKS.length - failedChecks;
const failed = tests.failed + failedChecks;
// Alone on its line, for whoever counts.
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
