// Submitting: everything on disk into the document, the document's state at one position, bytes into
// blobs, and then the attempt with its job in one transaction.

import type { Database } from '@containrlab/db/connect.ts';
import { emitAttempt, insertAttempt, withdraw } from '@containrlab/db/queries/attempts.ts';
import {
	blobBytes,
	blobsOfWorkspace,
	keepBlobs,
	linkBlobs,
} from '@containrlab/db/queries/blobs.ts';
import type { Executor } from '@containrlab/db/queries/executor.ts';
import {
	keepLabVersion,
	touchWorkspace,
	type WorkspaceContext,
} from '@containrlab/db/queries/workspaces.ts';
import { newId } from '@containrlab/protocol/id.ts';
import type { DrainResult } from '@containrlab/protocol/sandbox.ts';
import { Pace } from './api/pace.ts';
import type { ToJudge } from './judge-queue.ts';
import type { Documents, Loaded } from './documents.ts';
import type { Labs } from './labs.ts';
import type { Log } from './log.ts';
import type { RunnerdClient } from './runnerd-client.ts';
import { Refused, Unreachable } from './service-call.ts';
import { gatherFiles } from './submitted-files.ts';

export type Submission =
	| { ok: true; attempt: string; number: number; created: boolean }
	| { ok: false; reason: 'no-lab' | 'not-read' }
	/** Seconds. */
	| { ok: false; reason: 'too-often'; wait: number };

/** Puts the job of judging an attempt into the queue, within the caller's transaction. */
export type Enqueue = (tx: Executor, job: ToJudge) => Promise<void>;

export interface SubmitDeps {
	db: Database;
	documents: Pick<Documents, 'load'>;
	runnerd: Pick<RunnerdClient, 'drain' | 'blob'>;
	labs: Labs;
	enqueue: Enqueue;
	/** Ends the run of an attempt that gave its place, if it has been handed in. */
	withdrawn: (attemptId: string) => void;
	log: Log;
}

/** Each is kept, replaced or not: somebody in a hurry is below this, a script's loop isn't. */
const PACE = { burst: 30, perSecond: 0.25 };

export class Submissions {
	readonly #deps: SubmitDeps;
	readonly #pace = new Pace(PACE);
	/** One at a time for each workspace: to read one takes a sandbox, sync and much memory. */
	readonly #submitting = new Map<string, Promise<Submission>>();

	constructor(deps: SubmitDeps) {
		this.#deps = deps;
	}

	/** Who submits while that is under way gets the same attempt. */
	submit(workspace: WorkspaceContext, userId: string): Promise<Submission> {
		const running = this.#submitting.get(workspace.id);
		if (running) return running;
		const work = this.#submit(workspace, userId).finally(() => {
			this.#submitting.delete(workspace.id);
		});
		this.#submitting.set(workspace.id, work);
		return work;
	}

	async #submit(workspace: WorkspaceContext, userId: string): Promise<Submission> {
		const { db, labs, enqueue } = this.#deps;
		const lab = labs.get(workspace.labSlug);
		if (!lab) return { ok: false, reason: 'no-lab' };
		const wait = this.#pace.take(workspace.id);
		if (wait > 0) return { ok: false, reason: 'too-often', wait };

		const { source, drained } = await this.#drain(workspace.id);
		const loaded = await this.#load(workspace.id);
		if (!loaded?.ok) return { ok: false, reason: 'not-read' };
		const { doc, seq } = loaded;
		const own = new Set(await blobsOfWorkspace(db, workspace.id));
		const { files, left, blobs } = await gatherFiles(doc, drained, (sha) =>
			this.#bytes(workspace.id, sha, own),
		);
		doc.destroy();

		const { replaced, ...submission } = await db.transaction(async (tx) => {
			await keepLabVersion(tx, lab);
			await keepBlobs(tx, blobs);
			const { row, created, replaces } = await insertAttempt(tx, {
				id: newId(),
				workspaceId: workspace.id,
				submittedBy: userId,
				source,
				logSeq: seq,
				files,
				left,
				labDigest: lab.digest,
			});
			if (created) {
				const binary = files.flatMap((file) => (file.kind === 'binary' ? [file.sha] : []));
				await linkBlobs(tx, workspace.id, [...new Set(binary)]);
				await touchWorkspace(tx, workspace.id);
				const job = { attempt: row.id, student: workspace.ownerId, again: false };
				await enqueue(tx, job);
				if (replaces) await withdraw(tx, replaces, { kind: 'replaced', by: row.number });
				await emitAttempt(tx, row);
			}
			const { id: attempt, number } = row;
			return { ok: true as const, attempt, number, created, replaced: replaces?.id };
		});
		if (replaced !== undefined) this.#deps.withdrawn(replaced);
		return submission;
	}

	/** Undefined when sync is away. */
	async #load(workspaceId: string): Promise<Loaded | undefined> {
		try {
			return await this.#deps.documents.load(workspaceId);
		} catch (cause) {
			if (!(cause instanceof Unreachable || cause instanceof Refused)) throw cause;
			this.#deps.log('warn', 'a submission found no sync', { cause });
			return undefined;
		}
	}

	/** Without a sandbox there is nothing beside the document; without runnerd nobody can know. */
	async #drain(
		workspaceId: string,
	): Promise<{ source: 'drained' | 'document'; drained: DrainResult | undefined }> {
		try {
			return { source: 'drained', drained: await this.#deps.runnerd.drain(workspaceId) };
		} catch (cause) {
			if (!(cause instanceof Unreachable || cause instanceof Refused)) throw cause;
			this.#deps.log('warn', 'a sandbox could not be drained', { workspaceId, cause });
			return { source: 'document', drained: undefined };
		}
	}

	/** Kept ones only of this workspace: naming a hash must not fetch what others submitted. */
	async #bytes(
		workspaceId: string,
		sha: string,
		own: ReadonlySet<string>,
	): Promise<Uint8Array | undefined> {
		const kept = own.has(sha) ? await blobBytes(this.#deps.db, sha) : undefined;
		if (kept) return kept;
		try {
			return await this.#deps.runnerd.blob(workspaceId, sha);
		} catch (cause) {
			if (!(cause instanceof Unreachable || cause instanceof Refused)) throw cause;
			return undefined;
		}
	}
}
