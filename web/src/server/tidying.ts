// No table grows for ever: what nobody can use or ask for any more is dropped, now and then.

import { deleteSessionsOver } from '@containrlab/db/queries/class-sessions.ts';
import { pruneEvents } from '@containrlab/db/queries/events.ts';
import type { Auth } from './auth.ts';
import { applyRetention, type RetentionDeps } from './retention.ts';

/** A browser that was away longer reads its data anew. */
const EVENT_DAYS = 7;
/** A shared computer isn't left signed in for long. */
const SESSIONS_MS = 300_000;
const TABLES_MS = 3_600_000;
/** Not beside a start; but also on a laptop that runs for one lesson only. */
const FIRST_MS = 60_000;

export class Tidying {
	readonly #deps: RetentionDeps & { auth: Auth };
	readonly #timers: NodeJS.Timeout[] = [];
	#working: Promise<void> = Promise.resolve();

	constructor(deps: RetentionDeps & { auth: Auth }) {
		this.#deps = deps;
	}

	start(): void {
		const { auth, connection } = this.#deps;
		const tables = async () => {
			await pruneEvents(connection.db, EVENT_DAYS);
			await deleteSessionsOver(connection.db, new Date());
			await applyRetention(this.#deps);
		};
		this.#timers.push(
			setInterval(() => this.#do(() => auth.sessions.endExpired()), SESSIONS_MS),
			setInterval(() => this.#do(tables), TABLES_MS),
			setTimeout(() => this.#do(tables), FIRST_MS),
		);
	}

	async stop(): Promise<void> {
		for (const timer of this.#timers) clearTimeout(timer);
		await this.#working;
	}

	/** One thing after another, and nothing of it worth failing for. */
	#do(work: () => Promise<void>): void {
		this.#working = this.#working
			.then(work)
			.catch((cause: unknown) => this.#deps.log('warn', 'tidying up failed', { cause }));
	}
}
