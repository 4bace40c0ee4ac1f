// Sessions: how they begin, how long they last, and how they end. The only module that knows Lucia.

import { createHash } from 'node:crypto';
import { DrizzlePostgreSQLAdapter } from '@lucia-auth/adapter-drizzle';
import { and, eq, sql } from 'drizzle-orm';
import { Lucia, TimeSpan, type DatabaseSession, type DatabaseUser } from 'lucia';
import type { Database } from '@containrlab/db/connect.ts';
import {
	endExpiredSessions,
	endOldestSessions,
	endSessionsOf,
	markSeen,
	sessionsOf,
} from '@containrlab/db/queries/sessions.ts';
import { sessions, users } from '@containrlab/db/schema.ts';
import type { Revocation } from './revocation.ts';

/** Whoever a session belongs to. */
export interface Viewer {
	id: string;
	name: string;
	/** Null for guests. */
	email: string | null;
	admin: boolean;
	/** May create classes; an admin may anyway. */
	instructor: boolean;
	sessionId: string;
	/** Signed in on a shared computer. */
	shared: boolean;
}

/** A session cookie's content and end. */
export interface NewSession {
	id: string;
	userId: string;
	expiresAt: Date;
	/** The cookie then ends with the browser. */
	shared: boolean;
}

/** From where someone comes in. */
export interface Visit {
	/** The browser as it calls itself. */
	agent: string;
	shared: boolean;
	/** Of the network; many may share it. */
	address: string;
}

/** One line of the list from which people sign out elsewhere. */
export interface ListedSession {
	/** Names it without being it: who reads the page can't sign in with it. */
	handle: string;
	current: boolean;
	agent: string;
	shared: boolean;
	createdAt: Date;
	seenAt: Date;
}

export const SESSION_COOKIE = 'containrlab_session';
/** As Lucia makes them; a cookie may hold anything. */
const SESSION_ID = /^[a-z0-9]{20,80}$/;

const HOUR = 3_600_000;
/** On a shared computer: since it was last used, and in all. */
const SHARED_IDLE_MS = 2 * HOUR;
const SHARED_MS = 4 * HOUR;
/** `seen_at` is that exact. */
const SEEN_MS = 3 * 60_000;
/** Of one person: more than anyone's devices; the ones used longest ago end. */
const PER_PERSON = 100;
/** How long other tabs of one browser keep their sockets while its new cookie is on the way. */
const COOKIE_MS = 800;

type UserAttributes = {
	name: string;
	email: string | null;
	admin: boolean;
	instructor: boolean;
};
type SessionAttributes = { agent: string; shared: boolean; createdAt: Date; seenAt: Date };

/** Lucia knows one length of sessions: those on shared computers are kept out of its prolonging. */
class Adapter extends DrizzlePostgreSQLAdapter {
	readonly #db: Database;
	/** Asked with every request, so it is put together once; the password's hash is no part of it. */
	readonly #find;

	constructor(db: Database) {
		super(db, sessions, users);
		this.#db = db;
		const { id: userId, name, email, admin, instructor } = users;
		const { id, expiresAt, createdAt, seenAt, agent, shared } = sessions;
		this.#find = db
			.select({
				session: { id, expiresAt, createdAt, seenAt, agent, shared },
				user: { id: userId, name, email, admin, instructor },
			})
			.from(sessions)
			.innerJoin(users, eq(users.id, sessions.userId))
			.where(eq(sessions.id, sql.placeholder('id')))
			.prepare('session');
	}

	override async getSessionAndUser(
		sessionId: string,
	): Promise<[DatabaseSession | null, DatabaseUser | null]> {
		const [found] = await this.#find.execute({ id: sessionId });
		if (!found) return [null, null];
		const { id, expiresAt, ...attributes } = found.session;
		const { id: userId, ...person } = found.user;
		return [
			{ id, userId, expiresAt, attributes },
			{ id: userId, attributes: person },
		];
	}

	override async setSession(session: DatabaseSession): Promise<void> {
		const { shared, createdAt } = session.attributes;
		const expiresAt = shared ? sharedUntil(createdAt, createdAt) : session.expiresAt;
		await super.setSession({ ...session, expiresAt });
	}

	override async updateSessionExpiration(sessionId: string, expiresAt: Date): Promise<void> {
		await this.#db
			.update(sessions)
			.set({ expiresAt })
			.where(and(eq(sessions.id, sessionId), eq(sessions.shared, false)));
	}
}

const sharedUntil = (createdAt: Date, now: Date): Date =>
	new Date(Math.min(now.getTime() + SHARED_IDLE_MS, createdAt.getTime() + SHARED_MS));

const createLucia = (db: Database) =>
	new Lucia(new Adapter(db), {
		sessionExpiresIn: new TimeSpan(30, 'd'),
		getUserAttributes: ({ name, email, admin, instructor }: UserAttributes) => ({
			...{ name, email, admin, instructor },
		}),
		getSessionAttributes: ({ shared, createdAt, seenAt }: SessionAttributes) => ({
			...{ shared, createdAt, seenAt },
		}),
	});

declare module 'lucia' {
	interface Register {
		Lucia: ReturnType<typeof createLucia>;
		DatabaseUserAttributes: UserAttributes;
		DatabaseSessionAttributes: SessionAttributes;
	}
}

export class Sessions {
	readonly #db: Database;
	readonly #lucia: ReturnType<typeof createLucia>;
	readonly #revoke: (revocation: Revocation) => Promise<void>;

	constructor(db: Database, revoke: (revocation: Revocation) => Promise<void>) {
		this.#db = db;
		this.#lucia = createLucia(db);
		this.#revoke = revoke;
	}

	/** `renewed`: the cookie must be sent again, because the session was prolonged. */
	async viewer(
		sessionId: string,
	): Promise<{ viewer: Viewer; renewed: NewSession | undefined } | undefined> {
		if (!SESSION_ID.test(sessionId)) return undefined;
		const { session, user } = await this.#lucia.validateSession(sessionId);
		if (!session) return undefined;
		const { shared } = session;
		if (Date.now() - session.seenAt.getTime() > SEEN_MS) await this.#seen(session);
		const { id, name, email, admin, instructor } = user;
		return {
			viewer: { id, name, email, admin, instructor, sessionId: session.id, shared },
			renewed: session.fresh && !shared ? { ...session, shared } : undefined,
		};
	}

	/** Always a new id: whoever knew the one before knows nothing. */
	async begin(userId: string, { agent, shared }: Visit): Promise<NewSession> {
		const now = new Date();
		const session = await this.#lucia.createSession(userId, {
			...{ agent, shared, createdAt: now, seenAt: now },
		});
		for (const sessionId of await endOldestSessions(this.#db, userId, PER_PERSON)) {
			await this.#revoke({ kind: 'session', sessionId });
		}
		return { id: session.id, userId, expiresAt: session.expiresAt, shared };
	}

	/** It ends, and with it every socket and stream that it opened. */
	async end(sessionId: string): Promise<void> {
		await this.#lucia.invalidateSession(sessionId);
		await this.#revoke({ kind: 'session', sessionId });
	}

	/** All of someone's, everywhere; or all but one. */
	async endAll(userId: string, but?: string): Promise<void> {
		await endSessionsOf(this.#db, userId, but);
		await this.#revoke({ kind: 'user', userId, ...(but !== undefined && { but }) });
	}

	/**
	 * For someone who stays who they are, under a new session: their sockets in this browser are cut
	 * when they can come back with the new cookie.
	 */
	async replaceAll(userId: string, by: NewSession): Promise<void> {
		await endSessionsOf(this.#db, userId, by.id);
		const cut = async () => this.#revoke({ kind: 'user', userId, but: by.id });
		// The sessions are gone already; a stream that isn't cut finds that out by itself.
		setTimeout(() => void cut().catch(() => {}), COOKIE_MS).unref();
	}

	/** Those whose time is over, with what they still held open. */
	async endExpired(): Promise<void> {
		for (const sessionId of await endExpiredSessions(this.#db)) {
			await this.#revoke({ kind: 'session', sessionId });
		}
	}

	async list(viewer: Viewer): Promise<ListedSession[]> {
		const rows = await sessionsOf(this.#db, viewer.id);
		return rows.map(({ id, agent, shared, createdAt, seenAt }) => ({
			...{ handle: handleOf(id), current: id === viewer.sessionId },
			...{ agent, shared, createdAt, seenAt },
		}));
	}

	/** Whether there was such a one. */
	async endByHandle(viewer: Viewer, handle: string): Promise<boolean> {
		const rows = await sessionsOf(this.#db, viewer.id);
		const found = rows.find(({ id }) => handleOf(id) === handle);
		if (found) await this.end(found.id);
		return found !== undefined;
	}

	async #seen(session: { id: string; shared: boolean; createdAt: Date }): Promise<void> {
		const now = new Date();
		await markSeen(this.#db, session.id, {
			seenAt: now,
			...(session.shared && { expiresAt: sharedUntil(session.createdAt, now) }),
		});
	}
}

const handleOf = (sessionId: string): string =>
	createHash('sha256').update(sessionId).digest('base64url').slice(0, 16);
