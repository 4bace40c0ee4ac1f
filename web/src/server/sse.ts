// One browser's event stream: what it missed from the table, then what happens, without a gap.

import type { Database } from '@containrlab/db/connect.ts';
import {
	classEventsAfter,
	lastEventId,
	rolesOf,
	type StoredEvent,
} from '@containrlab/db/queries/events.ts';
import type { Presence } from '@containrlab/protocol/events.ts';
import type { Role } from '@containrlab/protocol/ticket.ts';
import { isStaff } from './access.ts';
import type { Auth, Viewer } from './auth.ts';
import type { EventHub } from './hub.ts';
import type { Log } from './log.ts';
import type { OpenConnections } from './revocation.ts';

const HEARTBEAT_MS = 15_000;
/** Whether the session is still there; a page that is open counts as using it. */
const RECHECK_MS = 180_000;
/** Frames waiting for a slow browser; beyond them it is cut, and resumes by its last id. */
const WAITING_FRAMES = 2_000;
/** What a browser may have missed and still catch up with; beyond it, it reloads its data. */
const BACKLOG = 2_000;

export interface StreamDeps {
	db: Database;
	auth: Pick<Auth, 'viewer'>;
	hub: EventHub;
	open: OpenConnections;
	log: Log;
}

function mayHear(
	event: Pick<StoredEvent, 'classId' | 'workspaceId' | 'ownerId'>,
	viewerId: string,
	roles: ReadonlyMap<string, Role>,
): boolean {
	const role = roles.get(event.classId);
	if (role === undefined) return false;
	return event.workspaceId === null || event.ownerId === viewerId || isStaff(role);
}

/** Students never learn who else is here. */
function mayWatch(presence: Presence, roles: ReadonlyMap<string, Role>): boolean {
	const role = roles.get(presence.class);
	return role !== undefined && isStaff(role);
}

const eventFrame = (event: Pick<StoredEvent, 'id' | 'payload'>): string =>
	`id: ${event.id}\ndata: ${JSON.stringify(event.payload)}\n\n`;

/** `after`: the last id that the browser saw; undefined for "from now on". */
export function eventStream(
	deps: StreamDeps,
	viewer: Viewer,
	after: number | undefined,
): ReadableStream<Uint8Array> {
	let stream: BrowserStream | undefined;
	return new ReadableStream<Uint8Array>(
		{
			start: (controller) => {
				stream = new BrowserStream(deps, viewer, controller);
				void stream.run(after);
			},
			cancel: () => stream?.close(),
		},
		{ highWaterMark: WAITING_FRAMES },
	);
}

class BrowserStream {
	readonly #deps: StreamDeps;
	readonly #viewer: Viewer;
	readonly #controller: ReadableStreamDefaultController<Uint8Array>;
	readonly #resources = new DisposableStack();
	readonly #encoder = new TextEncoder();
	/** While the past is read, the present waits here. */
	#pending: StoredEvent[] | undefined = [];
	#roles: ReadonlyMap<string, Role> = new Map();
	#sent = 0;
	#closed = false;

	constructor(
		deps: StreamDeps,
		viewer: Viewer,
		controller: ReadableStreamDefaultController<Uint8Array>,
	) {
		this.#deps = deps;
		this.#viewer = viewer;
		this.#controller = controller;
	}

	async run(after: number | undefined): Promise<void> {
		const { db, hub, open, log } = this.#deps;
		this.#resources.use(hub.subscribe((event) => this.#hear(event)));
		this.#resources.use(hub.watch((presence) => this.#watch(presence)));
		this.#resources.use(
			open.add({
				userId: this.#viewer.id,
				sessionId: this.#viewer.sessionId,
				classId: undefined,
				cut: () => this.close(),
				recheck: () => void this.#recheck(),
			}),
		);
		const beat = setInterval(() => this.#write(': beat\n\n'), HEARTBEAT_MS);
		this.#resources.defer(() => clearInterval(beat));
		const recheck = setInterval(() => void this.#recheckSession(), RECHECK_MS);
		this.#resources.defer(() => clearInterval(recheck));
		try {
			// Signed out between the request's check and our registration: look once more.
			await this.#recheckSession();
			if (this.#closed) return;
			await hub.ready;
			this.#roles = await rolesOf(db, this.#viewer.id);
			this.#sent = after ?? (await lastEventId(db));
			this.#write(`retry: 1000\nid: ${this.#sent}\nevent: hello\ndata: {}\n\n`);
			if (after !== undefined) await this.#catchUp(after);
			const pending = this.#pending ?? [];
			this.#pending = undefined;
			for (const event of pending) this.#hear(event);
		} catch (cause) {
			log('warn', 'an event stream could not begin', { cause });
			this.close();
		}
	}

	async #catchUp(after: number): Promise<void> {
		const classIds = [...this.#roles.keys()];
		const missed = await classEventsAfter(this.#deps.db, classIds, after, BACKLOG + 1);
		if (missed.length > BACKLOG) {
			// Too long away: the page reads its data anew and goes on from here.
			this.#sent = await lastEventId(this.#deps.db);
			this.#write(`id: ${this.#sent}\nevent: reload\ndata: {}\n\n`);
			return;
		}
		for (const event of missed) this.#send(event);
	}

	#hear(event: StoredEvent): void {
		if (this.#pending) {
			if (this.#pending.push(event) > WAITING_FRAMES) this.close();
			return;
		}
		if (event.payload.type === 'members') void this.#recheck();
		this.#send(event);
	}

	#send(event: StoredEvent): void {
		if (event.id <= this.#sent || !mayHear(event, this.#viewer.id, this.#roles)) return;
		this.#sent = event.id;
		this.#write(eventFrame(event));
	}

	/** Without an id: a browser resumes after the last stored event. */
	#watch(presence: Presence): void {
		if (this.#pending || !mayWatch(presence, this.#roles)) return;
		this.#write(`event: presence\ndata: ${JSON.stringify(presence)}\n\n`);
	}

	async #recheckSession(): Promise<void> {
		try {
			if (!(await this.#deps.auth.viewer(this.#viewer.sessionId))) this.close();
		} catch {
			this.close();
		}
	}

	/** Memberships changed; when they can't be read, nothing more is told. */
	async #recheck(): Promise<void> {
		try {
			this.#roles = await rolesOf(this.#deps.db, this.#viewer.id);
		} catch {
			this.close();
		}
	}

	#write(frame: string): void {
		if (this.#closed) return;
		if ((this.#controller.desiredSize ?? 0) <= 0) return this.close();
		this.#controller.enqueue(this.#encoder.encode(frame));
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#resources.dispose();
		try {
			this.#controller.close();
		} catch {
			// The browser had gone already.
		}
	}
}
