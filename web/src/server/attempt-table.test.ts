import { newId } from '@containrlab/protocol/id.ts';
import { describe, expect, it } from 'vitest';
import { askedTable, filterOf, orderOf, placeText, sortHref, tableHref } from './attempt-table.ts';

const asked = (query: string) => askedTable(new URLSearchParams(query));

describe('the address of the attempts table', () => {
	it('is read with what makes sense of it, and nothing else', () => {
		const student = newId();
		const table = asked(
			`student=${student}&lab=01-first&status=failed&code=x-y&from=2026-01-31&to=2026-01-31&show=best`,
		);
		const filter = filterOf('c', table);
		expect(filter).toMatchObject({
			...{ studentId: student, labSlug: '01-first', status: 'failed', code: 'x-y', show: 'best' },
		});
		expect(filter.until!.getTime() - filter.from!.getTime()).toBe(86_400_000);
		for (const hostile of ['student=%00', 'lab=..', 'status=x', 'code=%22', 'from=0000-01-01']) {
			expect(tableHref(asked(hostile))).toBe('');
		}
	});

	it('names no page when filter or order change', () => {
		const after = placeText({ key: '5', id: newId() });
		expect(tableHref(asked(`status=failed&after=${after}`))).toBe('?status=failed');
		expect(sortHref(asked(`status=failed&after=${after}`), 'student')).toBe(
			'?status=failed&sort=student',
		);
	});

	it('turns a column round at the second click', () => {
		expect(orderOf(asked('sort=student'))).toMatchObject({ sort: 'student', descending: false });
		expect(sortHref(asked('sort=student'), 'student')).toBe('?sort=student&dir=desc');
		expect(sortHref(asked('sort=student&dir=desc'), 'student')).toBe('?sort=student');
		expect(sortHref(asked(''), 'when')).toBe('?sort=when&dir=asc');
		expect(sortHref(asked('sort=when&dir=asc'), 'when')).toBe('');
	});

	it('begins at the beginning when a place was made up', () => {
		const place = (key: string) => placeText({ key, id: newId() });
		expect(orderOf(asked(`after=${place('12')}`)).after).toMatchObject({ key: '12' });
		for (const bad of [
			place('1;--'),
			place('9'.repeat(40)),
			'x',
			placeText({ key: '1', id: '' }),
		]) {
			expect(orderOf(asked(`after=${bad}`)).after).toBeUndefined();
		}
		expect(orderOf(asked(`sort=student&after=${place('a\0')}`)).after).toBeUndefined();
	});
});
