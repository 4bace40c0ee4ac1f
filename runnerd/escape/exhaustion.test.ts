// What the kernel counts for each user: a sandbox that takes all of it leaves its neighbours theirs,
// and would not if they had a user in common. With users that no sandbox of another test has: it
// would miss what is taken here.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestInstance } from '../sandboxes-testing.ts';
import { EXHAUSTIBLE } from './guards.ts';
import { inContainer } from './run.ts';
import { startLike } from './unguarded.ts';

const HOG = 20_504;
const OTHER = 20_505;
const PROGRAM = readFileSync(new URL('attempts/exhaust.py', import.meta.url), 'utf8');
/** As entry.sh does: the student's own user namespace, whose counts are its maker's too. */
const AS_STUDENT =
	'unshare --user --map-users 0:100000:65536 --map-groups 0:100000:65536 --setuid 0 --setgid 0 --fork';
const asStudent = (what: string, how: 'take' | 'probe') => [
	...AS_STUDENT.split(' '),
	...['python3', '-c', PROGRAM, what, how],
];

let instance: TestInstance;
let neighbour: string;
let twin: string;

beforeAll(async () => {
	instance = await TestInstance.create();
	[neighbour, twin] = await Promise.all([
		startLike(instance, `${instance.name}-sb-neighbour`, OTHER),
		startLike(instance, `${instance.name}-sb-twin`, HOG),
	]);
}, 150_000);
afterAll(() => instance[Symbol.asyncDispose](), 120_000);

test.each(EXHAUSTIBLE)('one that takes all $what leaves a neighbour its own', async ({ what }) => {
	const { engine } = instance;
	const hog = await startLike(instance, `${instance.name}-sb-hog`, HOG);
	const full = Promise.withResolvers<void>();
	const taking = engine
		.exec(hog, {
			user: '',
			command: asStudent(what, 'take'),
			onOutput: () => full.resolve(),
			signal: AbortSignal.timeout(120_000),
		})
		.then(() => Promise.reject(new Error('it ended before it had all')));
	try {
		await Promise.race([full.promise, taking]);
		expect(await inContainer(engine, neighbour, '', asStudent(what, 'probe'))).toBe('one\n');
		expect(await inContainer(engine, twin, '', asStudent(what, 'probe'))).toBe('none\n');
	} finally {
		// Ends what it holds, too.
		await engine.removeContainer(hog);
		await taking.catch(() => {});
	}
});
