import { describe, expect, it } from 'vitest';
import { EventHub, type Reader, type Source } from './hub.ts';

/** Streams and pauses that the test plays itself. */
function stage() {
	const streams: (Source & { after: number; closed: boolean })[] = [];
	const pauses: (() => void)[] = [];
	const hub = new EventHub(
		(after) => {
			const stream = {
				after,
				closed: false,
				onopen: null,
				onmessage: null,
				onpresence: null,
				onerror: null,
				close() {
					stream.closed = true;
				},
			};
			streams.push(stream);
			return stream;
		},
		(_ms, then) => {
			pauses.push(then);
			return () => {};
		},
	);
	const send = (id: number) =>
		streams.at(-1)!.onmessage?.({
			lastEventId: String(id),
			data: JSON.stringify({ type: 'members', class: `c${id}` }),
		});
	return { hub, streams, pauses, send };
}

function reader(after: number) {
	const seen: number[] = [];
	const up: boolean[] = [];
	const it: Reader = {
		after,
		event: ({ id }) => void seen.push(id),
		connected: (state) => void up.push(state),
	};
	return { it, seen, up };
}

describe('EventHub', () => {
	it('begins after what its first reader has seen', () => {
		const { hub, streams, send } = stage();
		const a = reader(7);
		hub.subscribe(a.it);
		expect(streams[0]!.after).toBe(7);
		streams[0]!.onopen?.();
		send(9);
		expect(a.seen).toEqual([9]);
		expect(a.up).toEqual([true]);
	});

	it('resumes by id after a break, and passes over what comes twice', () => {
		const { hub, streams, pauses, send } = stage();
		const a = reader(0);
		hub.subscribe(a.it);
		send(1);
		send(4);
		streams[0]!.onerror?.();
		expect(a.up).toEqual([false]);
		expect(streams[0]!.closed).toBe(true);
		pauses[0]!();
		expect(streams[1]!.after).toBe(4);
		send(4);
		send(5);
		expect(a.seen).toEqual([1, 4, 5]);
	});

	it('hears nothing from a stream it gave up', () => {
		const { hub, streams, pauses } = stage();
		const a = reader(0);
		hub.subscribe(a.it);
		const old = streams[0]!;
		old.onerror?.();
		pauses[0]!();
		old.onmessage?.({ lastEventId: '3', data: '{"type":"members","class":"c"}' });
		expect(a.seen).toEqual([]);
	});

	it('gives a later reader what the stream had before it came', () => {
		const { hub, streams, send } = stage();
		hub.subscribe(reader(0).it);
		streams[0]!.onopen?.();
		for (const id of [1, 2, 3]) send(id);
		const late = reader(1);
		hub.subscribe(late.it);
		expect(streams).toHaveLength(1);
		expect(late.seen).toEqual([2, 3]);
		expect(late.up).toEqual([true]);
		send(4);
		expect(late.seen).toEqual([2, 3, 4]);
	});

	it('reads again from further back for a reader that knows less, without repeating for others', () => {
		const { hub, streams, send } = stage();
		const a = reader(10);
		hub.subscribe(a.it);
		send(11);
		const b = reader(5);
		hub.subscribe(b.it);
		expect(streams.map((stream) => stream.after)).toEqual([10, 5]);
		expect(streams[0]!.closed).toBe(true);
		for (const id of [6, 11, 12]) send(id);
		expect(b.seen).toEqual([6, 11, 12]);
		expect(a.seen).toEqual([11, 12]);
	});

	it('forgets the oldest, and then reads again for whoever needs them', () => {
		const { hub, streams, send } = stage();
		hub.subscribe(reader(0).it);
		for (let id = 1; id <= 600; id += 1) send(id);
		const inside = reader(100);
		hub.subscribe(inside.it);
		expect(inside.seen).toHaveLength(500);
		expect(streams).toHaveLength(1);
		hub.subscribe(reader(99).it);
		expect(streams[1]!.after).toBe(99);
	});

	it('passes over what it cannot read, and goes on', () => {
		const { hub, streams, send } = stage();
		const a = reader(0);
		hub.subscribe(a.it);
		streams[0]!.onmessage?.({ lastEventId: '1', data: 'not json' });
		streams[0]!.onmessage?.({ lastEventId: '2', data: '{"type":"from-the-future"}' });
		streams[0]!.onmessage?.({ lastEventId: '', data: '{"type":"members","class":"c"}' });
		send(3);
		expect(a.seen).toEqual([3]);
	});

	it('passes on who is here without keeping it, and without moving what was seen', () => {
		const { hub, streams, pauses, send } = stage();
		const here: string[] = [];
		hub.subscribe({ ...reader(0).it, presence: ({ owner }) => void here.push(owner) });
		hub.subscribe(reader(0).it);
		send(1);
		const ada = { workspace: 'w', class: 'c', owner: 'ada', lab: 'l', here: true };
		streams[0]!.onpresence?.(JSON.stringify({ ...ada, file: null, activeAt: null }));
		streams[0]!.onpresence?.('{"owner":"from the future"}');
		expect(here).toEqual(['ada']);
		streams[0]!.onerror?.();
		pauses[0]!();
		expect(streams[1]!.after).toBe(1);
	});

	it('closes the stream with its last reader', () => {
		const { hub, streams } = stage();
		const leaveA = hub.subscribe(reader(0).it);
		const leaveB = hub.subscribe(reader(0).it);
		leaveA();
		expect(streams[0]!.closed).toBe(false);
		leaveB();
		expect(streams[0]!.closed).toBe(true);
	});
});
