import { expect, it } from 'vitest';
import type { QueuedAttempt } from '@containrlab/db/queries/judge-queue.ts';
import { placeWords } from '#lib/attempts/place.ts';
import { placeIn } from './judge-line.ts';

const line = (...entries: [id: string, ownerId: string, status: 'queued' | 'running'][]) =>
	entries.map(([id, ownerId, status]): QueuedAttempt => ({
		...{ id, ownerId, status, workspaceId: id, again: id.startsWith('again') },
	}));

it('counts those before, and puts into words how long they take', () => {
	const queued = line(
		['a', 'ann', 'running'],
		['b', 'ben', 'running'],
		['again', 'cy', 'queued'],
		['c', 'cy', 'queued'],
		['d', 'ann', 'queued'],
		['e', 'eve', 'queued'],
	);
	const words = (id: string, runMs?: number) => {
		const place = placeIn(queued, id, runMs);
		return place && placeWords(place);
	};
	expect(words('a', 8_000)).toBeUndefined();
	expect(words('gone', 8_000)).toBeUndefined();
	expect(words('c', 8_000)).toBe('Next in line, about 5 s');
	expect(words('d', 8_000)).toBe('Its turn comes after your other attempt, about 10 s');
	expect(words('e', 8_000)).toBe('3rd in line, about 15 s');
	expect(words('e', 60_000)).toBe('3rd in line, about 2 min');
	expect(words('e')).toBe('3rd in line');
	// Another line, in which nothing runs.
	expect(words('again', 8_000)).toBe('Next in line');
});

it.each([
	[0, 'Next in line'],
	[1, '2nd in line'],
	[10, '11th in line'],
	[11, '12th in line'],
	[20, '21st in line'],
	[110, '111th in line'],
])('%d ahead: %s', (ahead, words) => {
	expect(placeWords({ ahead, own: false })).toBe(words);
});
