// Making and removing one sandbox: whatever fails on the way, nothing of it is left.

import { newId } from '@containrlab/protocol/id.ts';
import type { SandboxLimits } from '@containrlab/protocol/sandbox.ts';
import type { Engine, EngineContainer } from './engine.ts';
import type { Log } from './log.ts';
import { SandboxError } from './sandbox-handle.ts';
import { Box } from './sandboxes-box.ts';
import { Gate } from './sandboxes-gate.ts';
import type { UidSlots } from './sandboxes-slots.ts';
import { LABELS, cgroupParent, containerOptions, type SandboxPurpose } from './sandboxes-spec.ts';

/** From the container's start to a daemon and an agent that answer; usually a second. */
const BOOT_SECONDS = 30;
/** For the containers inside to end by themselves. */
const STOP_SECONDS = 4;
/** Memory that stays the services', and what a busy sandbox is reckoned at; bytes. */
const RESERVE = 2 * 1024 ** 3;
const PER_SANDBOX = 256 * 1024 ** 2;

/** Who goes first when many start at once. */
const RANK = { workspace: 0, pool: 1, judge: 2 } as const;

export type BootRequest = {
	purpose: SandboxPurpose;
	limits: SandboxLimits;
	/** Kept volume, and the uid that goes with it; new ones otherwise. */
	volume?: string | undefined;
	uid?: number | undefined;
	signal: AbortSignal;
	onPhase?: (phase: 'queued' | 'creating' | 'booting') => void;
};

export type LifecycleOptions = {
	engine: Engine;
	slots: UidSlots;
	image: string;
	imagesVolume: string | undefined;
	log: Log;
};

export class Lifecycle {
	readonly engine: Engine;
	#options: LifecycleOptions;
	/** Sandboxes that exist or are being made, by our id: what a sweep must leave alone. */
	#known = new Set<string>();
	#volumes = new Set<string>();
	#host: Promise<{ gate: Gate; capacity: number; cgroup: string }> | undefined;

	constructor(options: LifecycleOptions) {
		this.engine = options.engine;
		this.#options = options;
	}

	get count(): number {
		return this.#known.size;
	}

	/** Resolves with a sandbox whose daemon and agent answer. */
	async boot(request: BootRequest): Promise<Box> {
		request.onPhase?.('queued');
		const host = await this.#hostFacts();
		using _place = await host.gate.enter(RANK[request.purpose], request.signal);
		if (this.#known.size >= host.capacity) {
			throw new SandboxError(
				'no-capacity',
				`${this.#known.size} sandboxes are this machine's most`,
			);
		}
		request.onPhase?.('creating');
		const sandbox = newId(12);
		const uid = this.#options.slots.take(request.uid);
		const volume = request.volume ?? `${this.engine.instance}-sb-${sandbox}`;
		const box = new Box(this.engine, { id: '', uid, volume, sandbox });
		this.#known.add(sandbox);
		this.#volumes.add(volume);
		try {
			return await this.#create(box, request, host.cgroup);
		} catch (error) {
			await this.#undo(box, request.volume !== undefined);
			throw error;
		}
	}

	async #create(draft: Box, request: BootRequest, cgroup: string): Promise<Box> {
		const { sandbox, uid, volume } = draft;
		await this.engine.createVolume(volume);
		request.signal.throwIfAborted();
		const id = await this.engine.startContainer(
			containerOptions({
				id: sandbox,
				name: this.#containerName(sandbox),
				purpose: request.purpose,
				image: this.#options.image,
				volume,
				uid,
				limits: request.limits,
				imagesVolume: this.#options.imagesVolume,
				cgroupParent: cgroup,
			}),
		);
		request.onPhase?.('booting');
		const box = new Box(this.engine, { id, uid, volume, sandbox });
		await box.ready(BOOT_SECONDS, request.signal);
		return box;
	}

	/** The name of a sandbox that is nobody's yet. */
	#containerName(sandbox: string): string {
		return `${this.engine.instance}-sb-${sandbox}`;
	}

	/** Whether a container waits in the pool: a claim renames it, so that none is used twice. */
	isWarm(container: EngineContainer): boolean {
		const sandbox = container.labels[LABELS.sandbox];
		return (
			container.running &&
			container.labels[LABELS.purpose] === 'pool' &&
			container.name === this.#containerName(sandbox ?? '')
		);
	}

	/** The engine may be what failed: then the next sweep does it. */
	async #undo(box: Box, keepVolume: boolean): Promise<void> {
		try {
			await this.engine.removeContainer(this.#containerName(box.sandbox));
			if (!keepVolume) await this.engine.removeVolume(box.volume);
		} catch (cause) {
			this.#options.log.warn('a failed start left something for the next sweep', { cause });
		} finally {
			this.forget(box);
		}
	}

	/** Ends a sandbox; asks it to stop first when its volume is kept. */
	async remove(box: Box, { keepVolume }: { keepVolume: boolean }): Promise<void> {
		try {
			if (keepVolume) await this.engine.stopContainer(box.id, STOP_SECONDS);
			await this.engine.removeContainer(box.id);
			if (!keepVolume) await this.engine.removeVolume(box.volume);
		} finally {
			this.forget(box);
		}
	}

	/** Takes over a sandbox of an earlier launch: its uid, volume and name are taken. */
	hold(box: Box): void {
		this.#options.slots.hold(box.uid);
		this.#known.add(box.sandbox);
		this.#volumes.add(box.volume);
	}

	/** The sandbox behind a container of ours that nobody holds yet. */
	describe(container: EngineContainer): Box | undefined {
		const sandbox = container.labels[LABELS.sandbox];
		const uid = Number(container.labels[LABELS.uid]);
		const volume = container.labels[LABELS.volume];
		if (!sandbox || !uid || !volume || this.#known.has(sandbox)) return undefined;
		return new Box(this.engine, { id: container.id, uid, volume, sandbox });
	}

	/** It is gone from the engine, or the next sweep's. Harmless when repeated. */
	forget(box: Box): void {
		if (!this.#known.delete(box.sandbox)) return;
		this.#volumes.delete(box.volume);
		this.#options.slots.free(box.uid);
	}

	/** Removes what is ours on the engine and belongs to nothing that we know. */
	async sweep(keptVolumes: ReadonlySet<string>): Promise<void> {
		for (const container of await this.engine.containers()) {
			if (this.engine.isStrayHelper(container)) await this.engine.removeContainer(container.id);
			const sandbox = container.labels[LABELS.sandbox];
			if (!sandbox || this.#known.has(sandbox)) continue;
			await this.engine.removeContainer(container.id);
			this.#options.log.info('swept a sandbox', { sandbox, name: container.name });
		}
		for (const volume of await this.engine.volumes()) {
			if (!this.#isSandboxVolume(volume)) continue;
			if (keptVolumes.has(volume) || this.#volumes.has(volume)) continue;
			await this.engine.removeVolume(volume);
			this.#options.log.info('swept a volume', { volume });
		}
	}

	/** The instance has other volumes too, such as the image store's. */
	#isSandboxVolume(name: string): boolean {
		const { instance } = this.engine;
		return name.startsWith(`${instance}-sb-`) || name.startsWith(`${instance}-ws-`);
	}

	/** Read once; an engine that doesn't answer is asked again at the next start. */
	async #hostFacts() {
		this.#host ??= this.engine.info().then((info) => ({
			gate: new Gate(Math.max(2, info.cpus)),
			capacity: Math.min(500, Math.max(4, Math.floor((info.memory - RESERVE) / PER_SANDBOX))),
			cgroup: cgroupParent(info.cgroupDriver),
		}));
		try {
			return await this.#host;
		} catch (error) {
			this.#host = undefined;
			throw error;
		}
	}
}
