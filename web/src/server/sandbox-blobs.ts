// The bytes of binary files that appear in sandboxes: kept so that a fresh sandbox gets them back,
// as much of a workspace as of its uploads. Where one isn't kept, its people are told, at most so often.

import type { Database } from '@containrlab/db/connect.ts';
import { keepWithin, shaOf } from '@containrlab/db/queries/blobs.ts';
import { emitWorkspaceEvent } from '@containrlab/db/queries/events.ts';
import { workspaceById } from '@containrlab/db/queries/workspaces.ts';
import type { RunnerEventBody } from '@containrlab/protocol/events.ts';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import type { RunnerdClient } from './runnerd-client.ts';

/** A program that writes such a file again and again is told of once in this time. */
const TELL_AGAIN_MS = 10 * 60_000;
const REMEMBERED = 1000;

export class SandboxBlobs {
	readonly #db: Database;
	readonly #runnerd: Pick<RunnerdClient, 'blob'>;
	/** Workspaces that were told that they are full → when. */
	readonly #told = new Map<string, number>();

	constructor(db: Database, runnerd: Pick<RunnerdClient, 'blob'>) {
		this.#db = db;
		this.#runnerd = runnerd;
	}

	async keep(event: Extract<RunnerEventBody, { type: 'blob' }>): Promise<void> {
		const { workspace, sha } = event;
		if (!(await workspaceById(this.#db, workspace))) return;
		const bytes = await this.#runnerd.blob(workspace, sha);
		// Changed or removed since: then a newer event follows, or there is nothing to keep.
		if (!bytes || shaOf(bytes) !== sha) return;
		if (await keepWithin(this.#db, workspace, { sha, bytes }, FILE_LIMITS.kept)) return;
		await this.#tell(workspace, event.path);
	}

	async #tell(workspace: string, path: string | undefined): Promise<void> {
		const now = Date.now();
		if (now - (this.#told.get(workspace) ?? -Infinity) < TELL_AGAIN_MS) return;
		this.#told.delete(workspace);
		this.#told.set(workspace, now);
		const [oldest] = this.#told.keys();
		if (this.#told.size > REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
		const what = path === undefined ? 'A file' : path;
		await emitWorkspaceEvent(this.#db, workspace, {
			type: 'warning',
			workspace,
			code: 'not-kept',
			message: `${what} is in the sandbox alone: of this workspace, ${FILE_LIMITS.kept / 1024 ** 2} MB of files that aren't text are kept already, and it won't come back when the sandbox is made anew. What can be made again is best made in the Dockerfile, or in a directory that isn't shared, such as /tmp.`,
			...(path !== undefined && { path }),
		});
	}
}
