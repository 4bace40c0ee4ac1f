// The filter as data, for what can't be tried on the machine at hand: it says the same on both
// architectures, and nothing that must be refused has slipped into what is allowed.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';

const Profile = z.object({
	defaultAction: z.string(),
	archMap: z.array(z.object({ architecture: z.string(), subArchitectures: z.array(z.string()) })),
	syscalls: z.array(
		z.object({
			names: z.array(z.string()),
			action: z.string(),
			errnoRet: z.number().optional(),
			args: z.array(z.object({ index: z.number(), value: z.number(), op: z.string() })).optional(),
			includes: z.object({ arches: z.array(z.string()) }).optional(),
		}),
	),
});
const profile = Profile.parse(
	JSON.parse(readFileSync(new URL('seccomp.json', import.meta.url), 'utf8')),
);
const allowed = profile.syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW');

test('two architectures, without the 32-bit calls of either', () => {
	expect(profile.archMap).toEqual([
		{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: [] },
		{ architecture: 'SCMP_ARCH_AARCH64', subArchitectures: [] },
	]);
	expect(profile.defaultAction).toBe('SCMP_ACT_ERRNO');
});

test('each call is decided once', () => {
	const unconditional = profile.syscalls.filter(({ args }) => !args).flatMap(({ names }) => names);
	expect(unconditional).toHaveLength(new Set(unconditional).size);
	const conditional = profile.syscalls.filter(({ args }) => args).flatMap(({ names }) => names);
	expect(conditional.filter((name) => unconditional.includes(name))).toEqual([]);
});

test('conditions name what is allowed, in all the bits that the filter compares', () => {
	for (const { args = [] } of allowed) {
		for (const { op } of args) expect(op).toBe('SCMP_CMP_EQ');
	}
	const families = allowed.filter(({ names }) => names.includes('socket'));
	expect(families.map(({ args }) => args?.map(({ index, value }) => [index, value]))).toEqual(
		[1, 2, 10, 16, 17].map((family) => [[0, family]]),
	);
});

test.each(
	(
		'acct bpf add_key clock_settime delete_module finit_module init_module ioperm iopl io_setup ' +
		'io_uring_setup kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind modify_ldt ' +
		'move_pages name_to_handle_at nfsservctl open_by_handle_at perf_event_open pidfd_getfd ' +
		'process_vm_readv process_vm_writev ptrace quotactl reboot request_key setdomainname ' +
		'settimeofday stime swapoff swapon syslog userfaultfd vhangup'
	).split(' '),
)('%s is not allowed', (name) => {
	expect(allowed.flatMap(({ names }) => names)).not.toContain(name);
});
