// What the kernel counts for each user: a sandbox that takes all of it leaves its neighbours theirs,
// and would not if they had a user in common. With users that no sandbox of another test has: it
// would miss what is taken here.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestInstance, sh } from '../sandboxes/testing.ts';
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

/** Says how many there are until the kernel refuses, and lets go of them. */
const COUNT = PROGRAM.replace(/^what = [^]*$/m, 'print(sum(1 for _ in network_namespaces()))');

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

test('a sandbox makes no more namespaces than it may, and would without bounds.sh', async () => {
	const { engine } = instance;
	// A launch sweeps what is its instance's and unknown to it.
	await using another = await TestInstance.create();
	const sandboxes = await another.launch();
	await using box = await sandboxes.acquire('judge', { signal: AbortSignal.timeout(120_000) });
	const count = (command: string[]) => [...command, 'python3', '-c', COUNT];
	// What the student is told of their own namespace, and may change, isn't what counts.
	await sh(box, 'echo 9999 > /proc/sys/user/max_net_namespaces');
	const { stdout } = await box.exec(count([]), { timeoutMs: 60_000 });
	expect(Number(stdout)).toBeGreaterThan(400);
	expect(Number(stdout)).toBeLessThan(512);
	const loose = await inContainer(engine, neighbour, '', count(AS_STUDENT.split(' ')));
	expect(Number(loose)).toBe(600);
});
