// A class on an unreliable server, as a simulation that a seed replays: people who edit, a network
// that delivers late or never, servers that are killed or replaced, a store that stalls and fails.
// Nothing in it waits for real time but `settle`.

import * as Y from 'yjs';
import { unpackUpdates, type RoomRows } from '@containrlab/db/doc-log.ts';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import { silentLogger } from './logger.ts';
import type { Member, Peer } from './member.ts';
import { MemoryStorage } from './memory-storage.ts';
import type { Room } from './room.ts';
import { Rooms } from './rooms.ts';
import { StorageUnavailable } from './storage.ts';
import { ticketFor, until } from './testing.ts';
import { decodeUpdate, isKnown, type Decoded } from './update.ts';
import * as wire from './wire.ts';

export type Random = (below: number) => number;

/** Mulberry32. */
export function randomOf(seed: number): Random {
	let state = seed;
	return (below) => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
	};
}

const ROOM = 'workspace:simulated';

/** What a server sees of the store: answers are late, fail before or after the work, or never come. */
class FlakyStorage extends MemoryStorage {
	#store: MemoryStorage;
	#random: Random;
	#waiting: (() => void)[] = [];
	/** A server that was killed. */
	cut = false;
	stalls = false;
	fails = false;

	constructor(store: MemoryStorage, random: Random) {
		super();
		this.#store = store;
		this.#random = random;
	}

	release(): void {
		this.stalls = false;
		for (const go of this.#waiting.splice(0)) go();
	}

	override async append(batch: readonly RoomRows[]): Promise<Set<string>> {
		if (this.stalls) await new Promise<void>((go) => this.#waiting.push(go));
		await this.#alive();
		if (this.fails && this.#random(2) === 0) throw new StorageUnavailable('before');
		const taken = await this.#store.append(batch);
		await this.#alive();
		if (this.fails && this.#random(2) === 0) throw new StorageUnavailable('after');
		return taken;
	}

	override async saveSnapshot(...snapshot: Parameters<MemoryStorage['saveSnapshot']>) {
		await this.#alive();
		await this.#store.saveSnapshot(...snapshot);
	}

	override open(room: string, before?: number) {
		return this.#store.open(room, before);
	}

	override async positions(rooms: readonly string[]) {
		await this.#alive();
		return this.#store.positions(rooms);
	}

	async #alive(): Promise<void> {
		if (this.cut) await new Promise<never>(() => {});
	}
}

/** A browser that stays open, whatever happens to its connection. */
export class Browser implements Peer {
	readonly doc = new Y.Doc();
	readonly undo = new Y.UndoManager(this.doc.getText('text'), { captureTimeout: 0 });
	readonly acks = true;
	readonly ticket: Ticket;
	/** Under way, each in its order. */
	outbox: wire.Message[] = [];
	inbox: Uint8Array[] = [];
	/** Document frames of this connection, and how many of them are noted as durable. */
	#frames: Decoded[] = [];
	#noted = 0;
	/** Whether it gave the server what that lacked; until then edits may wait for others there. */
	#answered = false;
	#world: World;
	#connection: { room: Room; member: Member; release: () => void } | undefined;

	constructor(world: World, id: string, clientId: number) {
		this.#world = world;
		this.doc.clientID = clientId;
		this.ticket = ticketFor(ROOM, { user: { id, name: id, role: 'student' } });
		this.doc.on('update', (update: Uint8Array, origin: unknown) => {
			if (origin === 'network') return;
			Y.applyUpdate(world.reference, update);
			this.#post(update, false);
		});
	}

	get connected(): boolean {
		return this.#connection !== undefined;
	}

	async connect(rooms: Rooms): Promise<void> {
		if (this.#connection) return;
		const found = await rooms.open(ROOM);
		if (!found.ok) return;
		this.#frames = [];
		this.#noted = 0;
		this.#answered = false;
		this.#connection = { ...found, member: found.room.join(this) };
		this.outbox.push({ type: 'step1', vector: Y.encodeStateVector(this.doc) });
	}

	#post(update: Uint8Array, resync: boolean): void {
		if (!this.#connection) return;
		this.#frames.push(ownOf(this.doc, update));
		this.outbox.push({ type: 'update', update, resync });
	}

	/** What the network still had is gone; the server hears of it. */
	disconnect(): void {
		const connection = this.#connection;
		this.#connection = undefined;
		this.outbox = [];
		this.inbox = [];
		connection?.room.leave(connection.member);
		connection?.release();
	}

	/** From the room. */
	send(message: Uint8Array): void {
		this.inbox.push(message);
	}

	/** What the page would show as saved is noted before the browser hears of it. */
	acknowledge(durable: number): void {
		if (!this.#connection) return;
		if (!this.#answered || durable < this.#frames.length) return;
		this.#world.acknowledged.push(...this.#frames.slice(this.#noted));
		this.#noted = durable;
	}

	close(): void {
		this.disconnect();
	}

	deliver(count: number): void {
		for (const message of this.outbox.splice(0, count)) {
			const connection = this.#connection;
			connection?.room.receive(connection.member, message);
		}
	}

	receive(count: number): void {
		for (const bytes of this.inbox.splice(0, count)) {
			const message = wire.decodeMessage(bytes);
			if (message.type === 'update') Y.applyUpdate(this.doc, message.update, 'network');
			if (message.type === 'step1') {
				this.#answered = true;
				this.#post(Y.encodeStateAsUpdate(this.doc, message.vector), true);
			}
		}
	}
}

/** Of a frame, what the document of its sender has; a resync carries also what waits for others there. */
function ownOf({ store }: Y.Doc, bytes: Uint8Array): Decoded {
	const update = decodeUpdate(bytes)!;
	const has = (client: number, end: number) => end <= Y.getState(store, client);
	return {
		bytes,
		structs: update.structs.filter(({ id, length }) => has(id.client, id.clock + length)),
		deletes: new Map(
			Array.from(
				update.deletes,
				([client, ranges]) =>
					[client, ranges.filter(({ clock, len }) => has(client, clock + len))] as const,
			).filter(([, ranges]) => ranges.length > 0),
		),
	};
}

export class World {
	/** All that anyone ever did, merged without any server. */
	readonly reference = new Y.Doc();
	/** What a server called durable since that was last verified. */
	acknowledged: Decoded[] = [];
	readonly browsers: Browser[];
	rooms: Rooms;
	storage: FlakyStorage;
	#store = new MemoryStorage();
	#random: Random;
	/** Servers that were replaced and still drain. */
	#old: { rooms: Rooms; storage: FlakyStorage }[] = [];

	constructor(random: Random, people: number) {
		this.#random = random;
		this.#store.create(ROOM);
		({ rooms: this.rooms, storage: this.storage } = this.#start());
		this.browsers = Array.from(
			{ length: people },
			(_, n) => new Browser(this, `person${n}`, 1000 + n),
		);
	}

	#start() {
		const storage = new FlakyStorage(this.#store, this.#random);
		return { storage, rooms: new Rooms({ storage, logger: silentLogger }) };
	}

	/** kill -9: what it had not stored is gone. */
	restart(): void {
		this.storage.cut = true;
		for (const browser of this.browsers) browser.disconnect();
		({ rooms: this.rooms, storage: this.storage } = this.#start());
		this.verifyAcknowledged();
	}

	/** A new server beside the old one, whose browsers find out in their own time. */
	replace(): void {
		this.#old.push({ rooms: this.rooms, storage: this.storage });
		({ rooms: this.rooms, storage: this.storage } = this.#start());
	}

	async compact(): Promise<void> {
		const room = await this.rooms.loaded(ROOM);
		void room?.saveSnapshot();
	}

	/** What the log tells, from the newest snapshot that is not behind `upto`. */
	stored(upto = Infinity): { doc: Y.Doc; seq: number } {
		const doc = new Y.Doc();
		const snapshot = this.#store.snapshots(ROOM).findLast(({ seq }) => seq <= upto);
		if (snapshot) Y.applyUpdate(doc, snapshot.state);
		let seq = snapshot?.seq ?? 0;
		for (const row of this.#store.rows(ROOM)) {
			if (row.seq <= seq || row.seq > upto) continue;
			if (row.seq !== seq + 1) throw new Error(`row ${seq + 1} is missing`);
			seq = row.seq;
			for (const part of unpackUpdates(row.parts, row.bytes)!) Y.applyUpdate(doc, part);
		}
		return { doc, seq };
	}

	fold(): void {
		const [first] = this.#store.rows(ROOM);
		if (!first) return;
		const { doc, seq } = this.stored(first.seq + this.#random(this.#store.rows(ROOM).length));
		this.#store.fold(ROOM, seq, Y.encodeStateAsUpdate(doc));
	}

	verifyAcknowledged(): void {
		const { doc } = this.stored();
		// Of browsers that have not yet said all that theirs builds on; nobody showed it as saved.
		doc.store.pendingStructs = null;
		doc.store.pendingDs = null;
		for (const update of this.acknowledged.splice(0)) {
			if (!isKnown(doc, update)) throw new Error('an acknowledged edit was lost');
		}
	}

	/** Microtasks only: the simulation goes on at the same place each time. */
	async breathe(): Promise<void> {
		this.rooms.turns.run();
		for (const { rooms } of this.#old) rooms.turns.run();
		for (let n = 0; n < 20; n += 1) await Promise.resolve();
	}

	/** The store answers again, and everything that was under way arrives. */
	async settle(): Promise<void> {
		for (const { storage } of [...this.#old, this]) {
			storage.fails = false;
			storage.release();
		}
		for (const { rooms } of this.#old.splice(0)) await rooms.drain();
		await this.rooms.committer.idle();
		const quiet = () => this.browsers.every(({ outbox, inbox }) => !outbox.length && !inbox.length);
		await until('all has arrived', async () => {
			for (const browser of this.browsers) {
				await browser.connect(this.rooms);
				browser.deliver(Infinity);
			}
			await this.breathe();
			await this.rooms.committer.idle();
			for (const browser of this.browsers) browser.receive(Infinity);
			return quiet() && this.browsers.every(({ connected }) => connected);
		});
	}
}
