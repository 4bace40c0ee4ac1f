// Who is told what, and how often; and who has to go when the machine runs out of room.

import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { silentLog } from '../log.ts';
import { Troubles } from './troubles.ts';

const GB = 1024 ** 3;

/** Workspaces `a` and `b`, whose containers and volumes have their names. */
function world() {
	const told: string[] = [];
	const done: string[] = [];
	let now = 0;
	const troubles = new Troubles({
		find(what) {
			const workspace = 'container' in what ? what.container : what.volume;
			return 'ab'.includes(workspace) ? { workspace, limits: DEFAULT_LIMITS } : undefined;
		},
		tell: (workspace, code, message) => told.push(`${workspace} ${code}: ${message}`),
		relieve: (workspace) => Promise.resolve(void done.push(`relieve ${workspace}`)),
		evict: (workspace) => Promise.resolve(void done.push(`evict ${workspace}`)),
		log: silentLog,
		now: () => now,
	});
	return { troubles, told, done, pass: (ms: number) => (now += ms) };
}

test('an owner is told once a minute and cause, in words; who has left is not', () => {
	const { troubles, told, pass } = world();
	for (let round = 0; round < 3; round++) troubles.take({ kind: 'oom', container: 'a' });
	troubles.take({ kind: 'oom', container: 'gone' });
	troubles.take({ kind: 'disk', volume: 'a', used: 7.9 * GB, most: 8 * GB });
	troubles.take({ kind: 'disk', volume: 'b', used: 7 * GB, most: 8 * GB });
	troubles.take({ kind: 'disk', volume: 'b', used: 4 * GB, most: 8 * GB });
	expect(told.map((line) => line.split(':')[0])).toEqual([
		...['a out-of-memory', 'a disk-full', 'b disk-nearly-full'],
	]);
	expect(told[0]).toContain('ran out of memory (1.5 GB)');
	pass(60_000);
	troubles.take({ kind: 'oom', container: 'a' });
	expect(told).toHaveLength(4);
});

test('an owner is told of what prints too much, in words, once a minute and cause', () => {
	const { troubles, told } = world();
	for (const container of ['0123456789ab', 'ba9876543210']) {
		troubles.flood({ kind: 'logs', workspace: 'a', container });
		troubles.flood({ kind: 'terminal', workspace: 'a', terminal: '2' });
	}
	expect(told.map((line) => line.split(':')[0])).toEqual(['a logs-flood', 'a terminal-flood']);
	expect(told[0]).toContain('docker stop 0123456789ab');
	expect(told[1]).toContain('Terminal 2 prints faster than anyone can read');
});

test('too many processes are told at once, and looked at once they have stayed', () => {
	const { troubles, told, done, pass } = world();
	const full = { kind: 'pids', container: 'a', used: 400, most: 512 } as const;
	troubles.take({ ...full, used: 300 });
	expect(told).toEqual([]);
	troubles.take(full);
	expect(told[0]).toContain('a too-many-processes');
	pass(4000);
	troubles.take({ ...full, used: 300 });
	pass(4000);
	troubles.take(full);
	expect(done).toEqual([]);
	pass(5000);
	troubles.take(full);
	expect(done).toEqual(['relieve a']);
});

test('when the machine has no room, who holds most of it goes; nobody for a little', async () => {
	const { troubles, told, done } = world();
	troubles.take({ kind: 'disk', volume: 'a', used: 2 * GB, most: 8 * GB });
	troubles.take({ kind: 'disk', volume: 'b', used: 0.5 * GB, most: 8 * GB });
	troubles.take({ kind: 'room', free: 10 * GB, of: 100 * GB });
	expect(done).toEqual([]);
	troubles.take({ kind: 'room', free: GB, of: 100 * GB });
	await Promise.resolve();
	troubles.take({ kind: 'room', free: GB, of: 100 * GB });
	expect(done).toEqual(['evict a']);
	expect(told[0]).toContain('a disk-taken');
});

test('who holds more than they may goes, where no disk stops them', () => {
	const { troubles, done } = world();
	troubles.take({ kind: 'disk', volume: 'b', used: 9 * GB, most: 8 * GB });
	expect(done).toEqual(['evict b']);
});
