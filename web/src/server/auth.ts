// Who someone is: accounts and guests, how they come in, and what they change about themselves.

import type { Database } from '@containrlab/db/connect.ts';
import { recordAudit } from '@containrlab/db/queries/audit.ts';
import { roleIn } from '@containrlab/db/queries/classes.ts';
import { classOfCode, rolesOfBoth } from '@containrlab/db/queries/joining.ts';
import {
	insertUser,
	makeAccount,
	returnCodeIssued,
	setPassword,
	userById,
} from '@containrlab/db/queries/users.ts';
import { normaliseCode } from '@containrlab/protocol/code.ts';
import { mayReissueReturnCode } from './access.ts';
import { CodeGuesses } from './code-guesses.ts';
import { DeviceCookies, type Device } from './device-cookie.ts';
import { isOpen, joinClass, rename, type JoinRefusal, type JoinRequest } from './joining.ts';
import { deriveKey } from './keys.ts';
import { Lanes } from './lanes.ts';
import { Newcomers, networkOf } from './newcomers.ts';
import { hashPassword } from './password.ts';
import { ReturnCodes } from './return-codes.ts';
import type { Revocation } from './revocation.ts';
import { PasswordGate } from './sign-in.ts';
import { Sessions, type NewSession, type Viewer, type Visit } from './sessions.ts';

export { SESSION_COOKIE } from './sessions.ts';
export type { ListedSession, NewSession, Viewer, Visit } from './sessions.ts';

/** Accounts made, and passwords changed, that wait at once: a large class that does it together … */
const NEW_PASSWORDS = 200;
/** … of one address or person, and of all. */
const NEW_PASSWORDS_IN_ALL = 2_000;

type Refused<Reason extends string> = { ok: false; reason: Reason };
type Entered = { ok: true; session: NewSession };

export type SignIn = Entered | Refused<'wrong' | 'busy'>;
export type SignUp = Entered | Refused<'taken' | 'busy'>;
export type Return = Entered | Refused<'unknown' | 'busy'>;
export type Join =
	| {
			ok: true;
			classId: string;
			/** Of someone new, with the code that they must be shown. */
			guest: { session: NewSession; returnCode: string } | undefined;
	  }
	| Refused<JoinRefusal | 'busy' | 'many-joining'>;
export type Reissue =
	{ ok: true; code: string } | Refused<'not-a-member' | 'has-account' | 'not-allowed'>;

/** What the join page knows of a class before anyone is in. */
export interface Door {
	id: string;
	name: string;
	open: boolean;
	asksStudentNumber: boolean;
	retentionDays: number;
}

export class Auth {
	readonly sessions: Sessions;
	readonly devices: DeviceCookies;
	readonly #db: Database;
	readonly #codes: ReturnCodes;
	readonly #gate: PasswordGate;
	readonly #guesses = new CodeGuesses();
	readonly #newcomers = new Newcomers();
	/**
	 * New passwords are hashed one by one: who makes many keeps nobody from signing in. Addresses take
	 * turns, or a stranger's program would be the only one to make accounts.
	 */
	readonly #waiting = new Lanes(NEW_PASSWORDS, NEW_PASSWORDS_IN_ALL);
	readonly #hashing = new Lanes(NEW_PASSWORDS_IN_ALL, NEW_PASSWORDS_IN_ALL);

	/** `secret`: what the keys of return codes and device cookies are derived from. */
	constructor(db: Database, secret: string, revoke: (revocation: Revocation) => Promise<void>) {
		this.#db = db;
		this.sessions = new Sessions(db, revoke);
		this.devices = new DeviceCookies(deriveKey(secret, 'devices'));
		this.#codes = new ReturnCodes(deriveKey(secret, 'return-codes'));
		this.#gate = new PasswordGate(db);
	}

	viewer(sessionId: string) {
		return this.sessions.viewer(sessionId);
	}

	async signIn(
		input: { email: string; password: string; device: Device | undefined },
		visit: Visit,
	): Promise<SignIn> {
		const checked = await this.#gate.check(input.email, input.password, input.device);
		if (!checked.ok) return checked;
		const { id, passwordHash } = checked.user;
		const session = await this.sessions.begin(id, visit);
		// Changed while we checked the old one: what ended all sessions has missed this one.
		if ((await userById(this.#db, id))?.passwordHash === passwordHash) return { ok: true, session };
		await this.sessions.end(session.id);
		return { ok: false, reason: 'wrong' };
	}

	async signUp(
		input: { name: string; email: string; password: string },
		visit: Visit,
	): Promise<SignUp> {
		const { name, email, password } = input;
		const passwordHash = await this.#hash(password, networkOf(visit.address));
		if (passwordHash === undefined) return { ok: false, reason: 'busy' };
		const login = { email, passwordHash };
		const user = await insertUser(this.#db, { name, login });
		if (!user) return { ok: false, reason: 'taken' };
		return { ok: true, session: await this.sessions.begin(user.id, visit) };
	}

	/** The same person as before, on whatever device. */
	async enterByReturnCode(code: string, visit: Visit): Promise<Return> {
		const userId = await this.#codes.userOf(this.#db, code);
		if (userId === undefined) {
			return { ok: false, reason: (await this.#guesses.wrong()) ? 'unknown' : 'busy' };
		}
		const session = await this.sessions.begin(userId, visit);
		// Withdrawn while it was used: what ended all sessions has missed this one.
		if ((await this.#codes.userOf(this.#db, code)) === userId) return { ok: true, session };
		await this.sessions.end(session.id);
		return { ok: false, reason: 'unknown' };
	}

	/** The class behind a code; `busy` for who tries too many. */
	async classOfCode(code: string): Promise<Door | undefined | 'busy'> {
		const found = await classOfCode(this.#db, code);
		if (!found) return (await this.#guesses.wrong()) ? undefined : 'busy';
		const { id, name, asksStudentNumber, retentionDays } = found;
		return { id, name, open: isOpen(found), asksStudentNumber, retentionDays };
	}

	async join(request: JoinRequest, visit: Visit): Promise<Join> {
		const isNew = !('userId' in request.who);
		if (isNew && !this.#newcomers.admits(normaliseCode(request.code), visit.address)) {
			return { ok: false, reason: 'many-joining' };
		}
		const joined = await joinClass(this.#db, this.#codes, request);
		if (!joined.ok) {
			const busy = joined.reason === 'no-class' && !(await this.#guesses.wrong());
			return busy ? { ok: false, reason: 'busy' } : joined;
		}
		const { classId, userId, returnCode } = joined;
		const guest =
			returnCode === undefined
				? undefined
				: { returnCode, session: await this.sessions.begin(userId, visit) };
		return { ok: true, classId, guest };
	}

	rename(viewer: Viewer, name: string): Promise<'renamed' | 'name-taken'> {
		return rename(this.#db, viewer.id, name);
	}

	/** When a guest's code was made. */
	returnCodeIssued(viewer: Viewer): Promise<Date | undefined> {
		return returnCodeIssued(this.#db, viewer.id);
	}

	/** A guest's own wish: other devices are signed out. Undefined for accounts, which need none. */
	async renewReturnCode(viewer: Viewer): Promise<string | undefined> {
		if ((await userById(this.#db, viewer.id))?.email !== null) return undefined;
		const code = await this.#codes.issue(this.#db, viewer.id);
		await this.sessions.endAll(viewer.id, viewer.sessionId);
		return code;
	}

	/**
	 * By staff, for a member of their class who lost theirs. Whoever holds the new code is that
	 * person, so everything that was open under the old one ends at once.
	 */
	async reissueReturnCode(input: {
		actor: Viewer;
		classId: string;
		userId: string;
	}): Promise<Reissue> {
		const { actor, classId, userId } = input;
		const [user, role, roles] = await Promise.all([
			userById(this.#db, userId),
			roleIn(this.#db, classId, userId),
			rolesOfBoth(this.#db, userId, actor.id),
		]);
		if (!user || role === undefined) return { ok: false, reason: 'not-a-member' };
		if (!mayReissueReturnCode(actor, roles)) return { ok: false, reason: 'not-allowed' };
		if (user.email !== null) return { ok: false, reason: 'has-account' };
		const code = await this.#db.transaction(async (tx) => {
			await recordAudit(tx, {
				...{ actorId: actor.id, action: 'return-code.reissue', classId, subject: userId },
			});
			return this.#codes.issue(tx, userId);
		});
		// After the commit: who entered by the old code meanwhile looks once more, and finds it gone.
		await this.sessions.endAll(userId);
		return { ok: true, code };
	}

	/** A guest gets a login and keeps everything; the return code is withdrawn. */
	async becomeAccount(
		viewer: Viewer,
		input: { email: string; password: string },
		visit: Visit,
	): Promise<Entered | Refused<'taken' | 'has-account' | 'busy'>> {
		const passwordHash = await this.#hash(input.password, viewer.id);
		if (passwordHash === undefined) return { ok: false, reason: 'busy' };
		const login = { email: input.email, passwordHash };
		try {
			const made = await this.#db.transaction((tx) => makeAccount(tx, viewer.id, login));
			if (!made) return { ok: false, reason: 'has-account' };
		} catch (cause) {
			if (isUniqueViolation(cause)) return { ok: false, reason: 'taken' };
			throw cause;
		}
		const session = await this.sessions.begin(viewer.id, visit);
		await this.sessions.replaceAll(viewer.id, session);
		return { ok: true, session };
	}

	/** Everyone else who is signed in on this account is signed out. */
	async changePassword(
		viewer: Viewer,
		input: { current: string; password: string; device: Device | undefined },
	): Promise<{ ok: true } | Refused<'wrong' | 'busy'>> {
		if (viewer.email === null) return { ok: false, reason: 'wrong' };
		const checked = await this.#gate.check(viewer.email, input.current, input.device);
		if (!checked.ok) return checked;
		const passwordHash = await this.#hash(input.password, viewer.id);
		if (passwordHash === undefined) return { ok: false, reason: 'busy' };
		await setPassword(this.#db, viewer.id, passwordHash);
		await this.sessions.endAll(viewer.id, viewer.sessionId);
		return { ok: true };
	}

	/** Undefined when too many wait. */
	#hash(password: string, by: string): Promise<string | undefined> {
		const hash = () => hashPassword(password);
		return this.#waiting.run(by, () => this.#hashing.run('all', hash));
	}
}

function isUniqueViolation(failure: unknown): boolean {
	for (let at = failure, depth = 0; at instanceof Error && depth < 6; depth += 1) {
		if ((at as { code?: unknown }).code === '23505') return true;
		at = at.cause;
	}
	return false;
}
