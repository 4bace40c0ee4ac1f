// Who someone is: accounts, guests and their sessions. The only module that knows Lucia.

import { DrizzlePostgreSQLAdapter } from '@lucia-auth/adapter-drizzle';
import { Lucia, TimeSpan } from 'lucia';
import type { Database } from '@containrlab/db/connect.ts';
import { addMember, classByJoinCode, roleIn } from '@containrlab/db/queries/classes.ts';
import { emitEvent } from '@containrlab/db/queries/events.ts';
import { insertGuest, insertUser, userByEmail } from '@containrlab/db/queries/users.ts';
import { sessions, users } from '@containrlab/db/schema.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { Throttle } from './throttle.ts';

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
}

/** A session cookie's content and end. */
export interface NewSession {
	id: string;
	userId: string;
	expiresAt: Date;
}

export type SignIn = { ok: true; session: NewSession } | { ok: false; reason: 'wrong' };
export type SignUp = { ok: true; session: NewSession } | { ok: false; reason: 'taken' };
export type Join =
	| { ok: true; classId: string; session: NewSession | undefined }
	| { ok: false; reason: 'no-class' };

export const SESSION_COOKIE = 'containrlab_session';
/** As Lucia makes them; a cookie may hold anything. */
const SESSION_ID = /^[a-z0-9]{20,80}$/;

type UserAttributes = {
	name: string;
	email: string | null;
	admin: boolean;
	instructor: boolean;
};
const createLucia = (db: Database) =>
	new Lucia(new DrizzlePostgreSQLAdapter(db, sessions, users), {
		sessionExpiresIn: new TimeSpan(30, 'd'),
		getUserAttributes: ({ name, email, admin, instructor }: UserAttributes) => ({
			...{ name, email, admin, instructor },
		}),
	});

declare module 'lucia' {
	interface Register {
		Lucia: ReturnType<typeof createLucia>;
		DatabaseUserAttributes: UserAttributes;
	}
}

export class Auth {
	readonly #db: Database;
	readonly #lucia: ReturnType<typeof createLucia>;
	readonly #throttle: Throttle;
	/** Codes are guessed by trying many, so they share one count: generous, and never long. */
	readonly #codes: Throttle;

	constructor(db: Database) {
		this.#db = db;
		this.#lucia = createLucia(db);
		this.#throttle = new Throttle();
		this.#codes = new Throttle({ free: 60, forgiveMs: 2_000, maxDelayMs: 2_000 });
	}

	/** `renewed`: the cookie must be sent again, because the session was prolonged. */
	async viewer(
		sessionId: string,
	): Promise<{ viewer: Viewer; renewed: NewSession | undefined } | undefined> {
		if (!SESSION_ID.test(sessionId)) return undefined;
		const { session, user } = await this.#lucia.validateSession(sessionId);
		if (!session) return undefined;
		const { id, name, email, admin, instructor } = user;
		return {
			viewer: { id, name, email, admin, instructor, sessionId: session.id },
			renewed: session.fresh ? session : undefined,
		};
	}

	async signIn(email: string, password: string): Promise<SignIn> {
		const key = `account:${email.toLowerCase()}`;
		await waitFor(this.#throttle.delay(key));
		const user = await userByEmail(this.#db, email);
		if (!(await verifyPassword(user?.passwordHash, password)) || !user) {
			this.#throttle.failed(key);
			return { ok: false, reason: 'wrong' };
		}
		this.#throttle.succeeded(key);
		return { ok: true, session: await this.#begin(user.id) };
	}

	async signUp(input: { name: string; email: string; password: string }): Promise<SignUp> {
		const passwordHash = await hashPassword(input.password);
		const user = await insertUser(this.#db, {
			name: input.name,
			login: { email: input.email, passwordHash },
		});
		if (!user) return { ok: false, reason: 'taken' };
		return { ok: true, session: await this.#begin(user.id) };
	}

	/** The class behind a code, for the page that asks for a name. */
	async classOfCode(code: string): Promise<{ id: string; name: string } | undefined> {
		await waitFor(this.#codes.delay(CODES));
		const found = await classByJoinCode(this.#db, code);
		if (!found) this.#codes.failed(CODES);
		return found && { id: found.id, name: found.name };
	}

	/** As the one who is signed in, or as a new guest with a name. */
	async join(code: string, who: { viewer: Viewer } | { name: string }): Promise<Join> {
		const found = await this.classOfCode(code);
		if (!found) return { ok: false, reason: 'no-class' };
		const userId = await this.#db.transaction(async (tx) => {
			const user = 'viewer' in who ? who.viewer : await insertGuest(tx, who.name);
			if ((await roleIn(tx, found.id, user.id)) === undefined) {
				await addMember(tx, { classId: found.id, userId: user.id, role: 'student' });
				const event = { type: 'members', class: found.id } as const;
				await emitEvent(tx, { classId: found.id, workspaceId: null }, event);
			}
			return user.id;
		});
		return {
			ok: true,
			classId: found.id,
			session: 'viewer' in who ? undefined : await this.#begin(userId),
		};
	}

	async end(sessionId: string): Promise<void> {
		await this.#lucia.invalidateSession(sessionId);
	}

	/** Sessions that nobody can use any more. */
	async forgetExpired(): Promise<void> {
		await this.#lucia.deleteExpiredSessions();
	}

	/** Always a new id: whoever knew the one before knows nothing. */
	async #begin(userId: string): Promise<NewSession> {
		const { id, expiresAt } = await this.#lucia.createSession(userId, {});
		return { id, userId, expiresAt };
	}
}

const CODES = 'codes';

async function waitFor(ms: number): Promise<void> {
	if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
