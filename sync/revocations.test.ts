// Who was shut out stays out by older tickets, and comes back by a newer one, whatever the clock does.

import { expect, test } from 'vitest';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import { Revocations } from './revocations.ts';

const ROOM = 'workspace:w1';

/** A clock that somebody sets, and time that goes on all the same. */
function clocks() {
	let [now, elapsed] = [1_700_000_000_000, 5_000];
	return {
		revocations: new Revocations(
			() => now,
			() => elapsed,
		),
		pass(ms: number) {
			now += ms;
			elapsed += ms;
		},
		set: (ms: number) => void (now += ms),
		ticket: (): Ticket => ({
			aud: 'sync',
			user: { id: 'anna', name: 'Anna', role: 'student' },
			resource: ROOM,
			access: 'write',
			iat: Math.floor(now / 1000),
			exp: Math.floor(now / 1000) + 60,
			jti: 'a-ticket-id',
		}),
	};
}

test('tickets of before are worth nothing, those of afterwards are', () => {
	const { revocations, pass, ticket } = clocks();
	const before = ticket();
	revocations.add(ROOM, 'anna', true);
	expect(revocations.isRevoked(before)).toBe(true);
	pass(1000);
	expect(revocations.isRevoked(ticket())).toBe(false);
	expect(revocations.isRevoked(before)).toBe(true);
});

test.each([-3_600_000, 3_600_000])(
	'a clock set by %d ms shuts out nobody with a new ticket',
	(ms) => {
		const { revocations, pass, set, ticket } = clocks();
		revocations.add(ROOM, null, false);
		set(ms);
		pass(1000);
		expect(revocations.isRevoked(ticket())).toBe(false);
		const old = { ...ticket(), iat: ticket().iat - 2 };
		expect(revocations.isRevoked(old)).toBe(true);
	},
);
