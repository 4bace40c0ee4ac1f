// Awareness: bound to the connection, stamped with who it is, silent about what isn't its own.

import { beforeEach, expect, test } from 'vitest';
import { colourOf } from '@containrlab/protocol/colour.ts';
import { RoomAwareness, type Speaker } from './awareness.ts';

const speaker = (id: string): Speaker => ({
	user: { id, name: id.toUpperCase(), role: 'student' },
	clients: new Set(),
	heard: false,
});
const entry = (client: number, clock: number, state: unknown = { cursor: 1 }) => ({
	client,
	clock,
	state: JSON.stringify(state),
});

let room: RoomAwareness<Speaker>;
let anna: Speaker;
let ben: Speaker;
const shown = () => room.all().map(({ client, state }) => [client, JSON.parse(state).user?.id]);

beforeEach(() => {
	room = new RoomAwareness((client) => (client === 77 ? 'carla' : undefined));
	anna = speaker('anna');
	ben = speaker('ben');
});

test('says who it really is, whatever the client says', () => {
	room.receive(anna, [entry(1, 1, { user: { name: 'Teacher', color: 'red' }, cursor: 5 })]);
	const user = { id: 'anna', name: 'ANNA', role: 'student' } as const;
	expect(JSON.parse(room.all()[0]!.state)).toEqual({
		cursor: 5,
		user: { ...user, color: colourOf(user).colour },
	});
});

test('drops entries and removals that are not its own', () => {
	room.receive(anna, [entry(1, 1)]);
	ben.heard = true;
	room.takeChanges();
	room.receive(ben, [entry(1, 9, { cursor: 9 }), entry(1, 9, null)]);
	expect(shown()).toEqual([[1, 'anna']]);
	expect(room.takeChanges()).toBeUndefined();
});

test('nobody speaks for the client id whose structs belong to another', () => {
	room.receive(anna, [entry(77, 1)]);
	expect(shown()).toEqual([]);
});

test('an echo of someone who left brings nobody back', () => {
	room.receive(anna, [entry(1, 4)]);
	room.leave(anna);
	expect(room.takeChanges()?.entries).toEqual([{ client: 1, clock: 4, state: 'null' }]);
	ben.heard = true;
	room.receive(ben, [entry(1, 4)]);
	const otherTab = speaker('anna');
	otherTab.heard = true;
	room.receive(otherTab, [entry(1, 4)]);
	expect(shown()).toEqual([]);
});

test('who comes back takes over from a dead connection, whose end then changes nothing', () => {
	room.receive(anna, [entry(1, 4)]);
	const again = speaker('anna');
	room.receive(again, [entry(1, 4)]);
	room.leave(anna);
	expect(shown()).toEqual([[1, 'anna']]);
	room.leave(again);
	expect(shown()).toEqual([]);
});

test('a tab that repeats another’s news before it came itself doesn’t get its id', () => {
	const tab = speaker('anna');
	room.receive(anna, [entry(1, 1)]);
	room.receive(tab, [entry(2, 1)]);
	anna.heard = tab.heard = true;
	room.receive(tab, [entry(1, 2, { cursor: 2 })]);
	room.receive(anna, [entry(1, 2, { cursor: 2 })]);
	room.leave(tab);
	expect(shown()).toEqual([[1, 'anna']]);
	room.leave(anna);
	expect(shown()).toEqual([]);
});

test('bounds entries and their size, and takes only objects', () => {
	expect(
		room.receive(
			anna,
			[1, 2, 3, 4].map((client) => entry(client, 1)),
		),
	).toBe(true);
	// One more isn't taken, and isn't a fault.
	expect(room.receive(anna, [entry(5, 1)])).toBe(true);
	expect(room.receive(ben, [entry(9, 1, { text: 'x'.repeat(9000) })])).toBe(false);
	room.receive(ben, [entry(10, 1, [1]), entry(11, 1, 'x'), { client: 12, clock: 1, state: '{' }]);
	expect(shown().map(([client]) => client)).toEqual([1, 2, 3, 4]);
});

test('what one user shows in all their tabs has a bound, which leaving gives back', () => {
	const tabs = Array.from({ length: 20 }, () => speaker('anna'));
	const big = { text: 'x'.repeat(7000) };
	const shows = tabs.map((tab, n) => room.receive(tab, [entry(n, 1, big)]));
	expect(shows.filter(Boolean)).toHaveLength(9);
	expect(room.receive(tabs[0]!, [entry(0, 2, big)])).toBe(true);
	expect(room.receive(ben, [entry(50, 1, big)])).toBe(true);
	room.leave(tabs[1]!);
	expect(room.receive(tabs[19]!, [entry(19, 2, big)])).toBe(true);
});
