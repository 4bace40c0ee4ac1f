// Making and removing one sandbox: whatever fails on the way, nothing of it is left.

import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@containrlab/protocol/id.ts';
import { DEFAULT_LIMITS, type SandboxLimits } from '@containrlab/protocol/sandbox.ts';
import type { Engine, EngineContainer, EngineInfo } from '../engine/engine.ts';
import type { Machine } from '../host/machine.ts';
import { Volumes } from '../host/volumes.ts';
import type { Isolation } from '../isolation/isolation.ts';
import type { Log } from '../log.ts';
import { SandboxError } from './handle.ts';
import { Box } from './box.ts';
import type { UidSlots } from './slots.ts';
import { LABELS, cgroupParent, containerOptions, type SandboxPurpose } from './spec.ts';

/** From the container's start to a daemon and an agent that answer; usually a second. */
const BOOT_SECONDS = 30;
/** How often it is tried, how long after a failure, and how late another try may begin. */
const TRIES = 3;
const TRY_AGAIN_MS = 500;
const ANEW_MS = 45_000;
/** For the containers inside to end by themselves. */
const STOP_SECONDS = 4;

export type BootRequest = {
	purpose: SandboxPurpose;
	limits: SandboxLimits;
	/** Kept volume, and the uid that goes with it; new ones otherwise. */
	volume?: string | undefined;
	uid?: number | undefined;
	/** The volume is older than this start, which must leave it when it fails. */
	kept?: boolean;
	/** Instead of the usual mirror's sockets. */
	mirror?: string | undefined;
	signal: AbortSignal;
	onPhase?: (phase: 'creating' | 'booting') => void;
};

/** Not where all starts fail alike: on an engine that isn't safe, and without a place. */
const mayPass = (cause: unknown): boolean =>
	!(cause instanceof SandboxError && ['unsafe-engine', 'no-capacity'].includes(cause.code));

export type LifecycleOptions = {
	engine: Engine;
	slots: UidSlots;
	image: string;
	imagesVolume: string | undefined;
	/** Has the sockets of the mirror; without it nothing outside answers. */
	mirrorVolume?: string | undefined;
	/** Looks whether the engine holds sandboxes, before the first is handed out. */
	isolation?: Isolation | undefined;
	/** A sandbox is gone: there may be room for another. */
	onGone: () => void;
	/** Without it volumes have no cap. */
	machine?: Machine;
	log: Log;
};

export class Lifecycle {
	readonly engine: Engine;
	readonly volumes: Volumes;
	#options: LifecycleOptions;
	/** Sandboxes that exist or are being made, by our id: what a sweep must leave alone. */
	#known = new Set<string>();
	#volumes = new Set<string>();
	/** Of these, not up yet. */
	#making = 0;
	#host: Promise<EngineInfo> | undefined;

	constructor(options: LifecycleOptions) {
		this.engine = options.engine;
		this.#options = options;
		this.volumes = new Volumes(options.engine, options.machine, options.log);
	}

	get count(): number {
		return this.#known.size;
	}

	/** Those that are up, and perhaps being removed. */
	get made(): number {
		return this.#known.size - this.#making;
	}

	/**
	 * Resolves with a sandbox whose daemon and agent answer. The caller was admitted. What fails for a
	 * reason that passes by itself is tried again here, and is nobody else's trouble.
	 */
	async boot(request: BootRequest): Promise<Box> {
		const began = performance.now();
		for (let tries = 1; ; tries++) {
			try {
				return await this.#boot(request);
			} catch (cause) {
				const late = performance.now() - began > ANEW_MS;
				if (tries === TRIES || late || request.signal.aborted || !mayPass(cause)) throw cause;
				this.#options.log.warn('a sandbox did not come up and is tried again', { cause });
				await sleep(TRY_AGAIN_MS * tries, undefined, { signal: request.signal });
			}
		}
	}

	async #boot(request: BootRequest): Promise<Box> {
		this.#options.isolation?.assertNotRefused();
		const host = await this.host();
		request.signal.throwIfAborted();
		request.onPhase?.('creating');
		const sandbox = newId(12);
		const uid = this.#options.slots.take(request.uid);
		const volume = request.volume ?? `${this.engine.instance}-sb-${sandbox}`;
		const box = new Box(this.engine, { id: '', uid, volume, sandbox });
		this.#known.add(sandbox);
		this.#volumes.add(volume);
		this.#making += 1;
		try {
			return await this.#create(box, request, host);
		} catch (error) {
			await this.#undo(box, request.kept === true);
			throw error;
		} finally {
			this.#making -= 1;
		}
	}

	async #create(draft: Box, request: BootRequest, host: EngineInfo): Promise<Box> {
		const { sandbox, uid, volume } = draft;
		using _disk = await this.volumes.prepare(volume, request.limits.disk);
		request.signal.throwIfAborted();
		const id = await this.engine.startContainer(
			containerOptions({
				id: sandbox,
				name: this.#containerName(sandbox),
				purpose: request.purpose,
				image: this.#options.image,
				volume,
				uid,
				// A start may have what cores are idle; settle() ends that.
				limits: { ...request.limits, cpus: host.cpus },
				imagesVolume: this.#options.imagesVolume,
				mirrorVolume: request.mirror ?? this.#options.mirrorVolume,
				cgroupParent: cgroupParent(host.cgroupDriver),
			}),
		);
		request.onPhase?.('booting');
		const box = new Box(this.engine, { id, uid, volume, sandbox });
		await this.settle(box, request.limits, BOOT_SECONDS, request.signal);
		await this.#options.isolation?.verify(box, request.limits);
		return box;
	}

	/**
	 * Waits until it answers and gives it its own share of the cores from then on: within that, its
	 * daemons would take half as long again to start.
	 */
	async settle(box: Box, limits: SandboxLimits, seconds: number, signal: AbortSignal) {
		await box.ready(seconds, signal);
		await this.engine.limitContainer(box.id, limits);
	}

	/** What can change while it runs; less memory than is in use is refused. Never rejects. */
	async limit(box: Box, limits: SandboxLimits): Promise<void> {
		await this.engine.limitContainer(box.id, limits).catch((cause) => {
			this.#options.log.warn('a sandbox keeps its limits until it starts again', { cause });
		});
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
			if (!keepVolume) await this.volumes.remove(box.volume);
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
			if (!keepVolume) await this.volumes.remove(box.volume);
		} finally {
			this.forget(box);
		}
	}

	/** Takes over a sandbox of an earlier launch: its uid, volume and name are taken. */
	hold(box: Box, { disk }: { disk: number }): void {
		this.volumes.hold(box.volume, disk);
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

	/** One of a launch that didn't say so has what is usual. */
	makeOf({ labels }: EngineContainer): Pick<SandboxLimits, 'disk' | 'pids'> {
		return {
			disk: Number(labels[LABELS.disk]) || DEFAULT_LIMITS.disk,
			pids: Number(labels[LABELS.pids]) || DEFAULT_LIMITS.pids,
		};
	}

	/** It is gone from the engine, or the next sweep's. Harmless when repeated. */
	forget(box: Box): void {
		if (!this.#known.delete(box.sandbox)) return;
		this.#volumes.delete(box.volume);
		this.volumes.drop(box.volume);
		this.#options.slots.free(box.uid);
		this.#options.onGone();
	}

	/** Removes what is ours on the engine and belongs to nothing that we know. */
	async sweep(isKept: (volume: string) => boolean): Promise<void> {
		await this.engine.removeStrayHelpers();
		for (const { id, name, labels } of await this.engine.containers()) {
			const sandbox = labels[LABELS.sandbox];
			if (!sandbox || this.#known.has(sandbox)) continue;
			await this.#sweepOne(name, () => this.engine.removeContainer(id));
		}
		for (const volume of await this.engine.volumes()) {
			// Asked now: it may have become a workspace's since.
			if (!this.#isSandboxVolume(volume) || isKept(volume) || this.#volumes.has(volume)) continue;
			await this.#sweepOne(volume, () => this.volumes.remove(volume));
		}
	}

	/** One that can't be removed just now is the next sweep's, and keeps nobody from anything. */
	async #sweepOne(name: string, remove: () => Promise<void>): Promise<void> {
		try {
			await remove();
			this.#options.log.info('swept', { name });
		} catch (cause) {
			if (cause instanceof SandboxError && cause.code === 'engine-unreachable') throw cause;
			this.#options.log.warn('could not be swept', { name, cause });
		}
	}

	/** The instance has other volumes too, such as the image store's. */
	#isSandboxVolume(name: string): boolean {
		const { instance } = this.engine;
		return name.startsWith(`${instance}-sb-`) || name.startsWith(`${instance}-ws-`);
	}

	/** Read once; an engine that doesn't answer is asked again at the next start. */
	async host(): Promise<EngineInfo> {
		this.#host ??= this.engine.info();
		try {
			return await this.#host;
		} catch (error) {
			this.#host = undefined;
			throw error;
		}
	}
}
