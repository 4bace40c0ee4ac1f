// Whether a pass still holds: the session lives and its owner may see the workspace. Asked once in a
// while, and told at once when it ends.

import type { Duplex } from 'node:stream';
import type { Database } from '@containrlab/db/connect.ts';
import type { Role } from '@containrlab/protocol/ticket.ts';
import { accessToWorkspace } from '../access.ts';
import type { Auth, Viewer } from '../auth.ts';
import type { OpenConnections } from '../revocation.ts';
import type { Pass } from './pass.ts';

/** A page asks for dozens of files at once. */
const HOLDS_MS = 20_000;

export interface GrantDeps {
	db: Database;
	auth: Auth;
	open: OpenConnections;
}

/** One session's access to one workspace, with the connections that it has open. */
class Grant {
	readonly viewer: Viewer;
	classId: string | undefined;
	role: Role = 'student';
	ended = false;
	readonly #live = new Set<Duplex>();

	constructor(viewer: Viewer) {
		this.viewer = viewer;
	}

	get busy(): boolean {
		return this.#live.size > 0;
	}

	hold(socket: Duplex): void {
		if (this.ended) return void socket.destroy();
		// One that is kept for several requests.
		if (this.#live.has(socket)) return;
		this.#live.add(socket);
		socket.once('close', () => this.#live.delete(socket));
	}

	cut(): void {
		this.ended = true;
		for (const socket of this.#live) socket.destroy();
	}
}
export type { Grant };

export class Grants {
	readonly #deps: GrantDeps;
	readonly #known = new Map<string, Promise<Grant | undefined>>();

	constructor(deps: GrantDeps) {
		this.#deps = deps;
	}

	/** Undefined when nobody may with this pass. */
	async of(pass: Pass): Promise<Grant | undefined> {
		const key = `${pass.session} ${pass.workspace}`;
		const known = await this.#known.get(key);
		const grant = known && !known.ended ? known : await this.#ask(key, pass);
		return grant && !grant.ended && grant.viewer.id === pass.user ? grant : undefined;
	}

	#ask(key: string, pass: Pass): Promise<Grant | undefined> {
		const asked = this.#check(key, pass);
		this.#known.set(key, asked);
		const forget = () => {
			if (this.#known.get(key) === asked) this.#known.delete(key);
		};
		asked.then((grant) => grant ?? forget(), forget);
		return asked;
	}

	async #check(key: string, pass: Pass): Promise<Grant | undefined> {
		const { auth, db, open } = this.#deps;
		const session = await auth.viewer(pass.session);
		if (!session) return undefined;
		const { viewer } = session;
		const grant = new Grant(viewer);
		const entry = {
			userId: viewer.id,
			sessionId: viewer.sessionId,
			classId: undefined as string | undefined,
			cut: () => grant.cut(),
		};
		// Registered before the check: an access that ends meanwhile ends this too.
		const registered = open.add(entry);
		const access = await accessToWorkspace(db, viewer, pass.workspace, 'see').catch(
			(cause: unknown) => {
				registered[Symbol.dispose]();
				throw cause;
			},
		);
		if (!access.ok || !(await auth.viewer(pass.session))) {
			registered[Symbol.dispose]();
			return undefined;
		}
		entry.classId = access.workspace.classId;
		grant.role = access.role;
		this.#expire(key, grant, registered);
		return grant;
	}

	/** What is open keeps being told of its end; what comes later is checked anew. */
	#expire(key: string, grant: Grant, registered: Disposable): void {
		setTimeout(() => {
			if (grant.busy && !grant.ended) return this.#expire(key, grant, registered);
			this.#known.delete(key);
			registered[Symbol.dispose]();
		}, HOLDS_MS).unref();
	}
}
