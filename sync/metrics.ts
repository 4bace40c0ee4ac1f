// What an operator's Prometheus is told. The hot path adds to plain numbers; the rest is read when
// somebody asks.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CLOSE } from '@containrlab/protocol/sync.ts';

/** What passed through sockets since the process began. */
export interface Traffic {
	framesIn: number;
	bytesIn: number;
	bytesOut: number;
	updates: number;
}

/** What there is at this moment. */
export interface Depths {
	rooms: number;
	sockets: number;
	/** Bytes that wait for the store. */
	unsaved: number;
	/** Rooms with rows that wait for the store. */
	unsavedRooms: number;
	/** Suspicious updates that wait to be tried out. */
	trials: number;
	/** Bytes that wait for slow clients. */
	outbound: number;
}

const REASONS = new Map<number, string>(
	Object.values(CLOSE).map(({ code, reason }) => [code, reason]),
);

export class Metrics {
	readonly registry = new Registry();
	readonly traffic: Traffic = { framesIn: 0, bytesIn: 0, bytesOut: 0, updates: 0 };
	readonly #closes = new Counter({
		name: 'sync_closes_total',
		help: 'Sockets that ended, by our reason; "client" left by itself, "lost" without a word.',
		labelNames: ['reason'],
		registers: [this.registry],
	});
	readonly #commit = new Histogram({
		name: 'sync_commit_seconds',
		help: 'From the beginning of a group commit until Postgres has it.',
		buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
		registers: [this.registry],
	});
	readonly #rows = new Counter({
		name: 'sync_log_rows_total',
		help: 'Rows that were added to the log.',
		registers: [this.registry],
	});

	constructor() {
		const { traffic } = this;
		this.#counts('sync_frames_received_total', 'Frames that came.', () => traffic.framesIn);
		this.#counts('sync_received_bytes_total', 'Bytes that came.', () => traffic.bytesIn);
		this.#counts('sync_sent_bytes_total', 'Bytes handed to sockets.', () => traffic.bytesOut);
		this.#counts('sync_updates_total', 'Document updates that came.', () => traffic.updates);
	}

	/** `code` is the one that we closed with, if we did. */
	closed(code: number | undefined, clean: boolean): void {
		const reason = code === undefined ? undefined : REASONS.get(code);
		this.#closes.inc({ reason: reason ?? (clean ? 'client' : 'lost') });
	}

	committed(ms: number, rows: number): void {
		this.#commit.observe(ms / 1000);
		this.#rows.inc(rows);
	}

	/** `read` is called whenever somebody asks. */
	watch(read: () => Depths): void {
		const gauge = (name: string, help: string, of: keyof Depths) => {
			const it: Gauge = new Gauge({
				...{ name, help, registers: [this.registry] },
				collect: () => it.set(read()[of]),
			});
		};
		gauge('sync_rooms', 'Rooms that are loaded.', 'rooms');
		gauge('sync_sockets', 'Open sockets.', 'sockets');
		gauge('sync_unsaved_bytes', 'Bytes that wait for Postgres.', 'unsaved');
		gauge('sync_unsaved_rooms', 'Rooms with edits that wait for Postgres.', 'unsavedRooms');
		gauge('sync_trials_waiting', 'Suspicious updates that wait to be tried out.', 'trials');
		gauge('sync_outbound_bytes', 'Bytes that wait for slow clients.', 'outbound');
	}

	/** A counter over a plain number. */
	#counts(name: string, help: string, read: () => number): void {
		const it: Counter = new Counter({
			...{ name, help, registers: [this.registry] },
			collect: () => {
				it.reset();
				it.inc(read());
			},
		});
	}
}
