// Ways out of a sandbox, tried as the student, as its root and from an inner container that was
// given everything; each must be shut. Also what holds for every sandbox, seen from the host.

import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JudgeSandbox } from '../sandbox-handle.ts';
import { TestInstance, sh } from '../sandboxes-testing.ts';

const run = promisify(execFile);
let instance: TestInstance;
let one: JudgeSandbox;
let other: JudgeSandbox;

beforeAll(async () => {
	instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const signal = AbortSignal.timeout(60_000);
	[one, other] = await Promise.all([
		sandboxes.acquire('judge', { signal }),
		sandboxes.acquire('judge', { signal }),
	]);
});
afterAll(() => instance[Symbol.asyncDispose]());

/** Each prints `OUT` if it gets out; anything else is being kept in. */
const ATTEMPTS: Record<string, string> = {
	'a block device node': 'mknod /tmp/d b 254 0 && head -c1 /tmp/d && echo OUT',
	'kernel memory': 'head -c1 /dev/mem || head -c1 /proc/kcore && echo OUT',
	'the core pattern': 'echo "|/bin/sh" > /proc/sys/kernel/core_pattern && echo OUT',
	'magic sysrq': 'echo h > /proc/sysrq-trigger && echo OUT',
	'a writable /sys':
		'for f in /sys/kernel/uevent_helper /sys/power/state /sys/kernel/mm/ksm/run; do echo 1 > $f && echo OUT; done',
	'a cgroup release agent':
		'mkdir -p /tmp/cg && mount -t cgroup -o rdma cgroup /tmp/cg && echo /x > /tmp/cg/release_agent && echo OUT',
	'its own limits':
		'for f in /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; do echo 99999999999 > $f && echo OUT; done',
	'the kernel log': 'dmesg && echo OUT',
	'a kernel module':
		"python3 -c \"import ctypes; l=ctypes.CDLL(None,use_errno=True); print('OUT' if l.syscall(313,0,b'',0)==0 or ctypes.get_errno() not in (1,38) else '')\"",
	'the clock': 'date -s 2001-01-01 && echo OUT',
	'a reboot':
		"python3 -c \"import ctypes; print('OUT' if ctypes.CDLL(None).reboot(0x89abcdef)==0 else '')\"",
	'process 1 of the container': 'ls /proc/1/root/ && echo OUT',
	'joining the outer namespaces':
		'nsenter -t 1 -m true && echo OUT; nsenter -t 1 -n true && echo OUT; nsenter -t 1 -U true && echo OUT',
	'a writable root file system':
		'mount -o remount,rw / && touch /x && echo OUT; touch /etc/x && echo OUT',
	'the shared images':
		'touch /tmpl/x && echo OUT; mount -o remount,rw /tmpl && echo OUT; touch /tmpl/current/x && echo OUT',
	'a file by handle':
		"python3 -c \"import ctypes; l=ctypes.CDLL(None,use_errno=True); r=l.open_by_handle_at(3,ctypes.create_string_buffer(b'\\x08\\0\\0\\0\\x01\\0\\0\\0\\x02\\0\\0\\0\\0\\0\\0\\0',64),0); print('OUT' if r>=0 else '')\"",
	'io_uring, userfaultfd, bpf, perf, keyctl':
		"python3 -c \"import ctypes; l=ctypes.CDLL(None,use_errno=True); a=ctypes.create_string_buffer(256); print('OUT' if [n for n in (425,323,321,298,250) if l.syscall(n,1,a,0,0,0)>=0 or ctypes.get_errno()!=38] else '')\"",
	'a vsock to the machine below':
		'python3 -c "import socket; socket.socket(40, 1); print(\'OUT\')"',
	'the engine of the host':
		'for s in /var/run/docker.sock /proc/1/root/var/run/docker.sock; do curl -s --unix-socket $s http://x/info | grep -q 20.10 && echo OUT; done',
	'a setuid program': 'find / -xdev -perm /6000 -type f | grep . && echo OUT',
	'another uid of the host': 'python3 -c "import os; os.setuid(70000); print(\'OUT\')"',
};

/** In a container that the student gave all they can give. */
const inInner = (line: string): string[] =>
	`docker run --rm --cap-add ALL --security-opt seccomp=unconfined --pid host
	-v /:/host -v /proc:/hostproc python:3.13-slim chroot /host bash -c`
		.split(/\s+/)
		.concat(line);

describe.each(["the sandbox's root", 'an inner container with every capability'])('%s', (who) => {
	const command = (line: string) =>
		who.startsWith('an inner') ? inInner(line) : ['bash', '-c', line];

	test('a way out would be seen', async () => {
		const result = await one.exec(command('echo OUT'), { timeoutMs: 30_000 });
		expect(result.stdout).toMatch(/^OUT$/m);
	});

	test.each(Object.entries(ATTEMPTS))('does not get at %s', async (_what, line) => {
		const result = await one.exec(command(line), { timeoutMs: 30_000 });
		expect(result.exitCode, 'the attempt was really made').not.toBe(125);
		expect(result.stdout).not.toMatch(/^OUT$/m);
	});
});

test('reaches neither the host, nor a sibling, nor anything else', async () => {
	const host = createServer((socket) => socket.end('OUT\n'));
	await new Promise<void>((resolve) => host.listen(0, '0.0.0.0', resolve));
	try {
		const { port } = host.address() as { port: number };
		const mine = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
		const seen = mine.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
		// Where Docker's bridge is, even while it is down.
		const addresses = new Set([...seen, '172.17.0.1']);
		await sh(other, 'docker run -d -p 9000:9000 python:3.13-slim python -m http.server 9000');
		for (const address of addresses) {
			for (const to of [port, 22, 9000]) {
				const line = `timeout 3 bash -c 'head -1 < /dev/tcp/${address}/${to}' && echo OUT; true`;
				expect(await sh(one, line), `${address}:${to}`).not.toContain('OUT');
			}
		}
		expect(await sh(one, 'ls /sys/class/net')).not.toMatch(/eth/);
	} finally {
		host.close();
	}
});

test('no process of it is root on the host', async () => {
	const { stdout } = await run('docker', ['top', one.id, '-eo', 'pid,uid']);
	const uids = new Set(
		stdout
			.trim()
			.split('\n')
			.slice(1)
			.map((line) => line.trim().split(/\s+/)[1]),
	);
	expect(uids.has('0')).toBe(false);
	expect([...uids].sort()).toEqual(['100000', String(one.uid)].sort());
	expect(one.uid).not.toBe(other.uid);
});

test('a fork bomb and a memory hog end inside', async () => {
	await one.exec(['bash', '-c', 'b() { b | b & }; b; sleep 2'], { timeoutMs: 8000 });
	await one.exec(['python3', '-c', 'x = b"x" * 4_000_000_000'], { timeoutMs: 20_000 });
	expect(await sh(other, 'echo alive')).toBe('alive');
});
