// One Yjs document with its awareness. Knows no socket: what it receives is decoded messages, what
// it sends goes to peers, and everything of one turn of the event loop is one transaction.

import * as Y from 'yjs';
import type { ClientBinding } from '@containrlab/db/doc-log.ts';
import { CLOSE, SYNC_LIMITS } from '@containrlab/protocol/sync.ts';
import { RoomAwareness } from './awareness.ts';
import { LIMITS } from './limits.ts';
import { estimateSteps } from './cost.ts';
import { RoomLog, type Committer, type LogLoss } from './log.ts';
import type { LoadedRoom } from './load.ts';
import { LogSize, type LogSizeContext } from './log-size.ts';
import {
	groupByMember,
	newMember,
	pay,
	type Close,
	type Incoming,
	type Member,
	type Peer,
} from './member.ts';
import { Pacing } from './pacing.ts';
import type { Trials } from './trial.ts';
import { TrailingDoc } from './trailing.ts';
import type { Turns } from './turns.ts';
import {
	clientsOf,
	decodeUpdate,
	isComplete,
	isEmpty,
	isKnown,
	pendingBytes,
	type Decoded,
} from './update.ts';
import * as wire from './wire.ts';

export type Applied =
	| { ok: true; seq: number }
	| { ok: false; code: 'malformed' | 'too-large' | 'too-costly' | 'unavailable' };

export interface RoomContext extends LogSizeContext {
	committer: Committer;
	turns: Turns;
	trials: Trials;
	saveSnapshot(room: string, epoch: number, seq: number, state: Uint8Array): Promise<void>;
	/** The room can't go on as it is; it has told its peers. */
	onBroken(room: Room): void;
}

export class Room {
	readonly name: string;
	readonly log: RoomLog;
	readonly logSize: LogSize;
	readonly members = new Set<Member>();
	readonly awareness: RoomAwareness<Member>;
	#context: RoomContext;
	#pacing: Pacing;
	#doc: TrailingDoc;
	#owners: Map<number, string>;
	#incoming: Incoming[] = [];
	#changes: { update: Uint8Array; ours: boolean }[] = [];
	#state: Uint8Array | undefined;
	/** An upper bound of the document's size. */
	#size: number;
	#unsnapshotted: { rows: number; bytes: number };
	#savingSnapshot = false;
	broken = false;

	constructor(name: string, loaded: LoadedRoom, context: RoomContext) {
		this.name = name;
		this.#doc = new TrailingDoc(loaded.doc, this);
		this.#context = context;
		this.#pacing = new Pacing(context.turns, this.turn);
		this.#owners = loaded.owners;
		this.#size = loaded.size;
		this.#unsnapshotted = loaded.unsnapshotted;
		this.logSize = new LogSize(name, loaded.logBytes, context);
		this.log = new RoomLog({
			room: name,
			epoch: loaded.epoch,
			lastSeq: loaded.lastSeq,
			committer: context.committer,
			onLost: (loss) => this.#onLost(loss),
		});
		this.awareness = new RoomAwareness((client) => this.#owners.get(client));
		// Yjs tidies up formatted text in transactions of its own.
		loaded.doc.on('beforeTransaction', ({ origin }) => {
			if (origin !== this) loaded.doc.on('update', this.#noteChange);
		});
		loaded.doc.on('afterAllTransactions', () => loaded.doc.off('update', this.#noteChange));
	}

	/** Whole, with all that was received until the last turn. */
	get doc(): Y.Doc {
		return this.#doc.whole;
	}

	readonly #noteChange = (update: Uint8Array, origin: unknown): void => {
		this.#changes.push({ update, ours: origin === this });
	};

	join(peer: Peer): Member {
		const member = newMember(peer);
		this.members.add(member);
		peer.send(wire.encodeStep1(Y.encodeStateVector(this.doc)));
		const present = this.awareness.all();
		if (present.length > 0) peer.send(wire.encodeAwareness(present));
		return member;
	}

	leave(member: Member): void {
		if (member.gone) return;
		member.gone = true;
		this.members.delete(member);
		this.awareness.leave(member);
		this.#pacing.soon(0);
	}

	receive(member: Member, message: wire.Message): void {
		if (member.gone || this.broken) return;
		switch (message.type) {
			case 'malformed':
				return this.#expel(member, CLOSE.malformed);
			case 'step1':
				member.asked = message.vector;
				return this.#pacing.now();
			case 'update':
				return this.#receiveUpdate(member, message.update);
			case 'awareness':
				if (!this.awareness.receive(member, message.entries)) {
					return this.#expel(member, CLOSE.tooLarge);
				}
				return this.#pacing.soon(0);
			case 'ticket':
				// A matter between the connection and the server.
				return;
			case 'query-awareness':
				member.asksWho = true;
				return this.#pacing.soon(0);
		}
	}

	#receiveUpdate(member: Member, bytes: Uint8Array): void {
		// A stock client answers our step 1 before it reads on, so from here on it may repeat others.
		member.heard = true;
		if (member.peer.ticket.access === 'read') return;
		const decoded = this.#admit(bytes);
		if (!decoded.ok) {
			if (decoded.code === 'unavailable') this.closeAll(CLOSE.unavailable);
			else this.#expel(member, REFUSALS[decoded.code]);
			return;
		}
		this.#incoming.push({ member, userId: member.user.id, update: decoded.update, tried: false });
		this.#pacing.soon(bytes.length);
	}

	#admit(bytes: Uint8Array): Admitted {
		if (!this.log.hasPlace(bytes.length)) return { ok: false, code: 'unavailable' };
		if (this.logSize.isFull) return { ok: false, code: 'too-large' };
		if (this.#size + bytes.length > SYNC_LIMITS.document) {
			this.#size = this.state().length;
			if (this.#size + bytes.length > SYNC_LIMITS.document) return { ok: false, code: 'too-large' };
		}
		const update = decodeUpdate(bytes);
		if (!update) return { ok: false, code: 'malformed' };
		return this.#knowsEnough(update) ? { ok: true, update } : { ok: false, code: 'too-large' };
	}

	/** Client ids have a bound of their own: each is kept for as long as the room is. */
	#knowsEnough(update: Decoded): boolean {
		if (this.#owners.size + update.structs.length <= LIMITS.clientIds) return true;
		let known = this.#owners.size;
		for (const client of clientsOf(update)) if (!this.#owners.has(client)) known += 1;
		return known <= LIMITS.clientIds;
	}

	/** Whether it would make more wait for what never came than is allowed. */
	#waitsTooMuch(update: Decoded): boolean {
		const waiting = pendingBytes(this.doc) + update.bytes.length;
		return waiting > LIMITS.pending && !isComplete(this.doc, update);
	}

	/** An edit that came over HTTP; answers once it is durable. */
	async apply(userId: string, bytes: Uint8Array): Promise<Applied> {
		if (this.broken) return { ok: false, code: 'unavailable' };
		this.turn();
		const decoded = this.#admit(bytes);
		if (!decoded.ok) return decoded;
		const { update } = decoded;
		if (this.#waitsTooMuch(update)) return { ok: false, code: 'too-costly' };
		if (estimateSteps(this.doc, update, LIMITS.steps.atOnce) > LIMITS.steps.atOnce) {
			const verdict = await this.#context.trials.run(userId, this.state(), bytes);
			if (verdict === 'too-costly') return { ok: false, code: 'too-costly' };
		}
		this.#incoming.push({ member: undefined, userId, update, tried: true });
		this.turn();
		return this.#durable();
	}

	/** The state with all that was received, once it is durable, and its place in the log. */
	async settled(): Promise<{ seq: number; state: Uint8Array } | undefined> {
		this.turn();
		const state = this.state();
		const durable = await this.#durable();
		return durable.ok ? { seq: durable.seq, state } : undefined;
	}

	#durable(): Promise<Applied> {
		if (this.broken) return Promise.resolve({ ok: false, code: 'unavailable' });
		const seq = this.log.lastSeq;
		return new Promise((resolve) =>
			this.log.whenDurable((stored) =>
				resolve(stored ? { ok: true, seq } : { ok: false, code: 'unavailable' }),
			),
		);
	}

	/** The complete state as one update, encoded once for each version. */
	state(): Uint8Array {
		return (this.#state ??= Y.encodeStateAsUpdate(this.doc));
	}

	closeAll(close: Close): void {
		for (const member of [...this.members]) this.#expel(member, close);
	}

	closeUser(userId: string | null, close: Close): void {
		for (const member of [...this.members]) {
			if (userId === null || member.user.id === userId) this.#expel(member, close);
		}
	}

	#expel(member: Member, close: Close): void {
		member.peer.close(close);
		this.leave(member);
	}

	/** Everything received since the last turn: one transaction, its rows, one message to everyone. */
	readonly turn = (): void => {
		if (this.broken) return;
		try {
			this.#pacing.turned();
			if (this.#incoming.length > 0) this.#integrate();
			if (this.broken) return;
			this.#answerSteps();
			this.#tellAwareness();
			this.#snapshotIfDue();
		} catch (cause) {
			// Whatever it is, it is this room's alone; what wasn't acknowledged comes again.
			this.#context.logger.error('room failed', { room: this.name, cause });
			this.#break(CLOSE.recheck);
		}
	};

	#integrate(): void {
		const incoming = this.#incoming;
		this.#incoming = [];
		const [only] = incoming;
		if (only && incoming.length === 1 && this.#passOn(only)) return;
		const waited = pendingBytes(this.doc) > 0;
		const fresh: Incoming[] = [];
		const whole = waited ? undefined : this.#wholeTurn(incoming);
		if (!whole) this.doc.on('update', this.#noteChange);
		if (!this.#transact(incoming, fresh)) return;
		if (fresh.length > 0) this.#state = undefined;
		if (whole && fresh.length > 0 && this.#changes.length === 0) this.#noteChange(whole, this);
		this.#logRows(fresh);
		const members = new Set(incoming.map(({ member }) => member));
		this.#broadcast(waited || members.size !== 1 ? undefined : [...members][0]);
		for (const member of members) if (member?.peer.acks) this.#acknowledge(member);
	}

	/** A key that somebody typed, alone in its turn: the document may hear of it later. */
	#passOn(key: Incoming): boolean {
		const { member, update } = key;
		if (!member || member.held || !this.#doc.take(update)) return false;
		member.done += 1;
		this.#state = undefined;
		this.#noteChange(update.bytes, this);
		this.#logRows([key]);
		this.#broadcast(member);
		if (member.peer.acks) this.#acknowledge(member);
		return true;
	}

	/** One complete update is all that its turn changes: as it came, which spares encoding that. */
	#wholeTurn([first, ...others]: readonly Incoming[]): Uint8Array | undefined {
		const isAlone = first && others.length === 0 && isComplete(this.doc, first.update);
		return isAlone ? first.update.bytes : undefined;
	}

	/**
	 * Applies what is new and puts it into `fresh`. False when an update left the document half
	 * changed; the room is then loaded again from the log, which doesn't have it.
	 */
	#transact(incoming: readonly Incoming[], fresh: Incoming[]): boolean {
		let current: Incoming | undefined;
		const refused = new Set<Member>();
		try {
			this.doc.transact(() => {
				for (current of incoming) {
					const { member, update } = current;
					if ((member && refused.has(member)) || this.#isHeld(current)) continue;
					if (member) member.done += 1;
					if (isEmpty(update) || isKnown(this.doc, update)) continue;
					if (member && this.#waitsTooMuch(update)) {
						refused.add(member);
						continue;
					}
					const before = pendingBytes(this.doc);
					Y.applyUpdate(this.doc, update.bytes, this);
					const waiting = pendingBytes(this.doc);
					if (waiting > before && waiting > LIMITS.pending) throw new TooMuchPending();
					fresh.push(current);
				}
				current = undefined;
			}, this);
			for (const member of refused) this.#expel(member, CLOSE.tooCostly);
			return true;
		} catch (cause) {
			const costly = cause instanceof TooMuchPending;
			this.#context.logger.warn('update undone by loading the room again', {
				room: this.name,
				userId: current?.userId,
				cause,
			});
			if (current?.member) {
				this.#expel(current.member, costly ? CLOSE.tooCostly : CLOSE.malformed);
			}
			this.#break(CLOSE.recheck);
			return false;
		}
	}

	/** Whether it has to wait for a trial: its own, or that of one before it. */
	#isHeld(incoming: Incoming): boolean {
		const { member, update, tried } = incoming;
		if (!member || tried) return false;
		if (member.held) {
			member.held.items.push(incoming);
			member.held.bytes += update.bytes.length + HELD_OVERHEAD;
			if (member.held.bytes > LIMITS.heldBytes) this.#expel(member, CLOSE.tooMany);
			return true;
		}
		if (pay(member, (limit) => estimateSteps(this.doc, update, limit))) return false;
		member.held = { items: [incoming], bytes: 0 };
		// After this turn: the state that it is tried on must be whole.
		queueMicrotask(() => void this.#tryOut(member, incoming));
		return true;
	}

	async #tryOut(member: Member, incoming: Incoming): Promise<void> {
		if (this.broken) return;
		const verdict = await this.#context.trials.run(
			incoming.userId,
			this.state(),
			incoming.update.bytes,
		);
		const held = member.held?.items ?? [];
		member.held = undefined;
		if (member.gone || this.broken) return;
		if (verdict === 'too-costly') {
			this.#context.logger.warn('update too costly', { room: this.name, userId: incoming.userId });
			return this.#expel(member, CLOSE.tooCostly);
		}
		incoming.tried = true;
		this.#incoming.unshift(...held);
		this.#pacing.soon(0);
	}

	/** One row for each connection. */
	#logRows(incoming: readonly Incoming[]): void {
		for (const items of groupByMember(incoming)) {
			const { userId } = items[0]!;
			const bytes = items.map(({ update }) => update.bytes);
			this.log.append(userId, bytes, this.#bindClients(items));
			const size = bytes.reduce((sum, update) => sum + update.length, 0);
			this.#size += size;
			this.#unsnapshotted.rows += 1;
			this.#unsnapshotted.bytes += size;
			this.logSize.add(size);
		}
	}

	/** Client ids seen for the first time belong to the user who brought them. */
	#bindClients(items: readonly Incoming[]): ClientBinding[] {
		const bound: ClientBinding[] = [];
		for (const { update, userId } of items) {
			for (const clientId of clientsOf(update)) {
				if (this.#owners.has(clientId)) continue;
				this.#owners.set(clientId, userId);
				bound.push({ clientId, userId });
			}
		}
		return bound;
	}

	/** `author` made all of it and has it already. */
	#broadcast(author: Member | undefined): void {
		const changes = this.#changes;
		if (changes.length === 0) return;
		this.#changes = [];
		this.#pacing.told(this.members.size);
		for (const { update, ours } of changes) {
			const message = wire.encodeUpdate(update);
			for (const member of this.members) {
				if (member.following && !(ours && member === author)) member.peer.send(message);
			}
		}
	}

	#acknowledge(member: Member): void {
		const count = member.done;
		this.log.whenDurable((stored) => {
			if (stored && !member.gone) member.peer.acknowledge(count);
		});
	}

	#answerSteps(): void {
		for (const member of this.members) {
			if (!member.asked) continue;
			const vector = member.asked;
			member.asked = undefined;
			try {
				const update = isEmptyVector(vector)
					? this.state()
					: Y.encodeStateAsUpdate(this.doc, vector);
				member.peer.send(wire.encodeStep2(update));
				member.following = true;
			} catch {
				this.#expel(member, CLOSE.malformed);
			}
		}
	}

	/** Who asks gets everyone, once a turn: the question is one byte, the answer may be many. */
	#tellAwareness(): void {
		for (const member of this.members) {
			if (!member.asksWho) continue;
			member.asksWho = false;
			member.peer.send(wire.encodeAwareness(this.awareness.all()));
		}
		const changes = this.awareness.takeChanges();
		if (!changes) return;
		this.#pacing.told(this.members.size);
		const message = wire.encodeAwareness(changes.entries);
		for (const member of this.members) if (member !== changes.only) member.peer.send(message);
	}

	#snapshotIfDue(): void {
		const { rows, bytes } = this.#unsnapshotted;
		const many = Math.max(LIMITS.snapshotBytes, this.#size / 4);
		if (rows < LIMITS.snapshotRows && bytes < many) return;
		if (!this.#savingSnapshot) void this.saveSnapshot();
	}

	/** Stores the state so that the next load is short; a failure only makes that load longer. */
	async saveSnapshot(): Promise<void> {
		if (this.broken || this.#unsnapshotted.rows === 0) return;
		this.#savingSnapshot = true;
		const taken = { ...this.#unsnapshotted };
		try {
			const settled = await this.settled();
			if (!settled) return;
			this.#size = settled.state.length + this.#unsnapshotted.bytes - taken.bytes;
			await this.#context.saveSnapshot(this.name, this.log.epoch, settled.seq, settled.state);
		} catch (cause) {
			this.#context.logger.warn('snapshot not stored', { room: this.name, cause });
		}
		this.#unsnapshotted.rows -= taken.rows;
		this.#unsnapshotted.bytes -= taken.bytes;
		this.#savingSnapshot = false;
	}

	#onLost(loss: LogLoss): void {
		this.#break(loss === 'moved' ? CLOSE.moved : CLOSE.unavailable);
	}

	#break(close: Close): void {
		if (this.broken) return;
		this.closeAll(close);
		this.broken = true;
		this.#pacing.end();
		this.#context.onBroken(this);
	}
}

type Admitted =
	{ ok: true; update: Decoded } | { ok: false; code: 'malformed' | 'too-large' | 'unavailable' };

const REFUSALS = { malformed: CLOSE.malformed, 'too-large': CLOSE.tooLarge } as const;

/** What a small frame that waits costs beside its bytes. */
const HELD_OVERHEAD = 256;

class TooMuchPending extends Error {}

/** A state vector of nobody: varUint 0. */
const isEmptyVector = (vector: Uint8Array): boolean => vector.length === 1 && vector[0] === 0;
