// A workspace's sandbox, as web sees it: started on request, asked about, given its binary files.

import type { Database } from '@containrlab/db/connect.ts';
import { limitsOf } from '@containrlab/db/queries/classes.ts';
import { blobBytes, blobsOfWorkspace } from '@containrlab/db/queries/blobs.ts';
import { touchWorkspace, type WorkspaceContext } from '@containrlab/db/queries/workspaces.ts';
import { workspaceRoom } from '@containrlab/protocol/id.ts';
import type { SandboxLimits, SandboxState, StartSession } from '@containrlab/protocol/sandbox.ts';
import type { z } from 'zod';
import type { Log } from './log.ts';
import type { RunnerdClient } from './runnerd-client.ts';
import { Refused, Unreachable } from './service-call.ts';
import type { TicketSigner } from './tickets.ts';

/** `ok` is false when what was asked for was not done. */
export type SandboxView = { ok: boolean; runnerDown: boolean; sandbox: SandboxState | null };

export class Sandboxes {
	readonly #db: Database;
	readonly #runnerd: RunnerdClient;
	readonly #tickets: TicketSigner;
	readonly #log: Log;

	constructor(deps: { db: Database; runnerd: RunnerdClient; tickets: TicketSigner; log: Log }) {
		this.#db = deps.db;
		this.#runnerd = deps.runnerd;
		this.#tickets = deps.tickets;
		this.#log = deps.log;
	}

	/** As it is now. A page is never kept from its text by a runnerd that doesn't answer. */
	async view(workspaceId: string): Promise<SandboxView> {
		return this.#ask(async () => {
			const session = await this.#runnerd.session(workspaceId);
			return session?.state ?? null;
		});
	}

	/** Starts it, or finds it. */
	async start(workspace: WorkspaceContext): Promise<SandboxView> {
		const request = await this.#request(workspace);
		return this.#ask(async () => (await this.#runnerd.start(request)).state);
	}

	/** Ends it and starts it again; `fresh`: without the images, containers and volumes in it. */
	async restart(workspace: WorkspaceContext, fresh: boolean): Promise<SandboxView> {
		const request = await this.#request(workspace);
		return this.#ask(async () => (await this.#runnerd.restart({ ...request, fresh })).state);
	}

	/** The shell's edits are the owner's, whoever pressed the button. */
	async #request(workspace: WorkspaceContext): Promise<z.input<typeof StartSession>> {
		const { id, owner } = workspace;
		const ticket = await this.#tickets.forHost({
			aud: 'sync',
			user: { id: `shell:${owner.id}`, name: owner.name, role: 'service' },
			resource: workspaceRoom(id),
			access: 'write',
		});
		await touchWorkspace(this.#db, id);
		return {
			workspace: id,
			room: workspaceRoom(id),
			ticket,
			driver: owner,
			class: workspace.class.id,
			idleMinutes: workspace.class.idleMinutes,
			limits: limitsOf(workspace.class),
		};
	}

	/** What a class's sandboxes may use, told to those that run; others are told when they start. */
	async limitClass(classId: string, limits: SandboxLimits): Promise<void> {
		await this.#ask(async () => {
			await this.#runnerd.limitClass(classId, limits);
			return null;
		});
	}

	async extend(workspaceId: string): Promise<SandboxView> {
		return this.#ask(async () => (await this.#runnerd.extend(workspaceId))?.state ?? null);
	}

	async stop(workspaceId: string): Promise<SandboxView> {
		return this.#ask(async () => {
			await this.#runnerd.stop(workspaceId);
			return (await this.#runnerd.session(workspaceId))?.state ?? null;
		});
	}

	/**
	 * Gives a sandbox the bytes that its document only names: those it asks for, or all. Only bytes
	 * that this workspace held: naming a hash must not fetch what others submitted.
	 */
	async giveBlobs(workspaceId: string, wanted?: readonly string[]): Promise<void> {
		for (const sha of await blobsOfWorkspace(this.#db, workspaceId)) {
			if (wanted && !wanted.includes(sha)) continue;
			const bytes = await blobBytes(this.#db, sha);
			if (bytes) await this.#runnerd.putBlob(workspaceId, sha, bytes);
		}
	}

	/** Bytes that are so new that only the sandbox holds them; undefined when it can't be asked. */
	async bytes(workspaceId: string, sha: string): Promise<Uint8Array | undefined> {
		try {
			return await this.#runnerd.blob(workspaceId, sha);
		} catch (cause) {
			if (!(cause instanceof Unreachable || cause instanceof Refused)) throw cause;
			return undefined;
		}
	}

	async #ask(ask: () => Promise<SandboxState | null>): Promise<SandboxView> {
		try {
			return { ok: true, runnerDown: false, sandbox: await ask() };
		} catch (cause) {
			if (!(cause instanceof Unreachable || cause instanceof Refused)) throw cause;
			this.#log('warn', 'runnerd did not do what it was asked', { cause });
			return { ok: false, runnerDown: cause instanceof Unreachable, sandbox: null };
		}
	}
}
