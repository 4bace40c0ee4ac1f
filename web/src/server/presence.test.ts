import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Presence as PresenceEvent } from '@containrlab/protocol/events.ts';
import { Presence, type PresenceMessage } from './presence.ts';

const place = { workspace: 'w'.repeat(8), class: 'c'.repeat(8), owner: 'ada', lab: '01' };

/** Processes that hear one another at once, and what staff are told by each. */
function processes(...names: string[]) {
	const touched: string[] = [];
	const all = names.map((process) => {
		const told: PresenceEvent[] = [];
		const presence = new Presence({
			process,
			announce: (message) => announce(message),
			touch: (id) => touched.push(id),
		});
		return { presence, told };
	});
	function announce(message: PresenceMessage): void {
		// As NOTIFY does: later, and to all.
		queueMicrotask(() => {
			for (const each of all) {
				const news = each.presence.hear(message);
				if (news) each.told.push(news);
			}
		});
	}
	return { all, touched, first: all[0]! };
}

const heard = async (): Promise<void> => {
	for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
};
const later = async (ms: number): Promise<void> => {
	await vi.advanceTimersByTimeAsync(ms);
	await heard();
};

beforeEach(() => {
	vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
	vi.useRealTimers();
});

describe('Presence', () => {
	it('lasts over a reload, and ends a moment after the last page', async () => {
		const { presence, told } = processes('a').first;
		const page = presence.open(place);
		await heard();
		expect(told).toEqual([{ ...place, here: true, file: null, activeAt: null }]);
		page[Symbol.dispose]();
		page[Symbol.dispose]();
		await later(4_000);
		const reloaded = presence.open(place);
		await later(60_000);
		expect(told).toHaveLength(1);
		expect(presence.inClass(place.class)).toHaveLength(1);
		expect(presence.inClass('another1')).toEqual([]);
		reloaded[Symbol.dispose]();
		await later(5_001);
		expect(told.at(-1)).toMatchObject({ here: false });
		expect(presence.inClass(place.class)).toEqual([]);
	});

	it('tells the open file, also when the page names it before its socket is open', async () => {
		const { presence, told } = processes('a').first;
		presence.show(place, 'Dockerfile');
		await later(1_000);
		expect(told).toEqual([]);
		using _page = presence.open(place);
		await heard();
		presence.show(place, 'Dockerfile');
		presence.show(place, 'app.py');
		await heard();
		expect(told.map((event) => event.file)).toEqual(['Dockerfile', 'app.py']);
	});

	it('tells a file that changes a thousand times in a second twice in that second', async () => {
		const { presence, told } = processes('a').first;
		using _page = presence.open(place);
		for (let n = 0; n < 1_000; n += 1) {
			presence.show(place, `file-${n}`);
			await later(1);
		}
		await later(1_000);
		expect(told.map((event) => event.file)).toEqual([null, 'file-0', 'file-499', 'file-999']);
	});

	it('is not there by words alone', async () => {
		const { presence, told } = processes('a').first;
		presence.start(() => {});
		presence.show(place, 'Dockerfile');
		presence.active(place);
		await later(120_000);
		expect(told).toEqual([]);
		presence.stop();
	});

	it('keeps and tells work once in ten seconds', async () => {
		const { first, touched } = processes('a');
		using _page = first.presence.open(place);
		for (let second = 0; second < 25; second += 1) {
			first.presence.active(place);
			await later(1_000);
		}
		expect(touched).toHaveLength(3);
		expect(first.told.map((event) => event.activeAt)).toEqual([
			...[null, 1_000_000, 1_010_000, 1_020_000],
		]);
	});

	it('is known to every process, whichever holds the page', async () => {
		const { all } = processes('a', 'b');
		const [a, b] = [all[0]!, all[1]!];
		const one = a.presence.open(place);
		const two = b.presence.open(place);
		await heard();
		one[Symbol.dispose]();
		await later(6_000);
		for (const each of all) expect(each.presence.inClass(place.class)).toHaveLength(1);
		two[Symbol.dispose]();
		await later(6_000);
		for (const each of all) {
			expect(each.presence.inClass(place.class)).toEqual([]);
			expect(each.told.at(-1)).toMatchObject({ here: false });
		}
	});

	it('ends with the process that told it, and comes to one that started later', async () => {
		const { all } = processes('a', 'b');
		const [a, b] = [all[0]!, all[1]!];
		const gone: PresenceEvent[] = [];
		a.presence.start(() => {});
		a.presence.open(place);
		await heard();
		// As if b had started only now.
		for (const event of b.presence.inClass(place.class)) {
			b.presence.hear({ ...event, here: false, process: 'a' });
		}
		b.presence.start((event) => gone.push(event));
		await later(20_000);
		expect(b.presence.inClass(place.class)).toHaveLength(1);
		a.presence.stop();
		await later(100_000);
		expect(b.presence.inClass(place.class)).toEqual([]);
		expect(gone).toEqual([{ ...place, here: false, file: null, activeAt: null }]);
		b.presence.stop();
	});
});
