// The engine's own machine: the group above all sandboxes, their disks, and news of what happens to
// them. A helper container of ours does the work there, for the machine may be another than ours.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { cgroupParent } from '../sandboxes/spec.ts';
import { DiskUse, type Trouble } from './helper-lines.ts';
import { HELPER_PROGRAM } from './helper-program.ts';
import { HelperLink } from './link.ts';

/**
 * All sandboxes together on each core, against 1024 of each single process of the services (cgroup v2:
 * against 100 of their group). The kernel spreads a group's shares over the cores, a process has its
 * own on the one where it is: so they go by the cores. A service still goes first on each. With much
 * less, one busy service stops every sandbox on its core: what somebody typed then took a third of a
 * second to wake the agent beside twenty builds.
 */
const SHARES_PER_CORE = 512;
const WEIGHT = 50;
/** Memory that stays the services' and the engine's; bytes. */
const RESERVE = 2 * 1024 ** 3;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;
const BOUND_AGAIN_MS = 5 * 60_000;
const SWEEP_AFTER_MS = 1000;
/** Helpers that are asked for one disk. */
const TRIES = 3;
/** Root's capabilities there: to attach and mount; to read what isn't root's. */
const WITH_DISKS = ['SYS_ADMIN', 'DAC_OVERRIDE'];
const WITHOUT_DISKS = ['DAC_OVERRIDE', 'DAC_READ_SEARCH'];
/** Loop devices, and the one that hands them out. */
const LOOP_DEVICES = ['b 7:* rw', 'c 10:237 rw'];

/** An instance's volume that holds the disks of its sandboxes' volumes. */
const disksVolume = (instance: string): string => `${instance}-disks`;
export const isDisks = (volume: string): boolean => volume.endsWith(disksVolume(''));

/** What all sandboxes may hold together; at least half, so that a small machine still teaches. */
export const memoryForSandboxes = (total: number): number =>
	Math.max(total - RESERVE, Math.floor(total / 2));

export type { DiskUse };

export type MachineOptions = {
	engine: Engine;
	/** Has Python and the tools of the file system. */
	image: string;
	log: Log;
	/** False keeps to volumes without a cap, where the machine could have capped ones. */
	disks?: boolean;
	onTrouble(trouble: Trouble): void;
};

/** Attached until it is disposed; from then on for as long as the engine has it mounted. */
export type HeldDisk = Disposable & { device: string };

export class Machine {
	#options: MachineOptions;
	#link: Promise<HelperLink> | undefined;
	#hasDisks = false;
	#watched: Record<string, number> = {};
	#sweep: NodeJS.Timeout | undefined;
	#boundAgain: NodeJS.Timeout | undefined;
	#retrying = false;
	#closed = new AbortController();

	constructor(options: MachineOptions) {
		this.#options = options;
	}

	/** Sees to it that the helper is there; again whenever the engine came back. Never rejects. */
	async open(): Promise<void> {
		await this.#connected().catch((cause) => {
			this.#options.log.warn('the engine’s machine can not be looked after', { cause });
		});
	}

	/** A disk of `bytes` for a volume; undefined where the machine has none to give. */
	async disk(
		volume: string,
		bytes: number,
		{ empty }: { empty: boolean },
	): Promise<HeldDisk | undefined> {
		const link = await this.#askForDisk(volume, bytes, empty);
		if (!link) return undefined;
		return {
			device: `/dev/containrlab/${volume}`,
			[Symbol.dispose]: () => {
				link.ask({ do: 'release', name: volume }).catch(() => {});
			},
		};
	}

	/** A helper that ends meanwhile says nothing about disks: the next one is asked. */
	async #askForDisk(name: string, bytes: number, empty: boolean): Promise<HelperLink | undefined> {
		for (let tries = 1; ; tries++) {
			const link = await this.#connected();
			if (!this.#hasDisks) return undefined;
			try {
				await link.ask({ do: 'disk', name, bytes, empty });
				return link;
			} catch (cause) {
				if (!link.over || tries === TRIES) throw cause;
				await link.ended;
			}
		}
	}

	/** What disks hold, in use or not; volumes without one aren't in the answer. */
	async use(volumes: readonly string[]): Promise<DiskUse | undefined> {
		const link = await this.#connected();
		if (!this.#hasDisks) return undefined;
		return DiskUse.parse(await link.ask({ do: 'use', names: [...volumes] }));
	}

	/** The volumes whose use is told from now on, with what each may hold. */
	watch(disks: Record<string, number>): void {
		this.#watched = disks;
		this.#link?.then((link) => link.ask({ do: 'watch', disks })).catch(() => {});
	}

	/** Removes the disks of volumes that are no more; soon, and once for many. */
	sweepSoon(): void {
		if (this.#closed.signal.aborted) return;
		this.#sweep ??= setTimeout(() => {
			this.#sweep = undefined;
			this.#sweepNow().catch((cause) => {
				this.#options.log.warn('disks were not swept', { cause });
			});
		}, SWEEP_AFTER_MS).unref();
	}

	async #sweepNow(): Promise<void> {
		const link = await this.#connected();
		if (!this.#hasDisks) return;
		const removed = await link.ask({ do: 'sweep', keep: await this.#options.engine.volumes() });
		if (Array.isArray(removed) && removed.length > 0) {
			this.#options.log.info('removed disks', { removed });
		}
	}

	async close(): Promise<void> {
		this.#closed.abort(new Error('runnerd stops'));
		clearTimeout(this.#sweep);
		clearTimeout(this.#boundAgain);
		const link = await this.#link?.catch(() => undefined);
		link?.close();
		await link?.ended;
	}

	#connected(): Promise<HelperLink> {
		if (this.#closed.signal.aborted) return Promise.reject(this.#closed.signal.reason as Error);
		this.#link ??= this.#connect().then(
			(link) => {
				void link.ended.then(() => this.#lost());
				return link;
			},
			(cause) => {
				void this.#lost();
				throw cause;
			},
		);
		return this.#link;
	}

	/** With disks where that works; else without the capabilities that only they need. */
	async #connect(): Promise<HelperLink> {
		const { engine, log, disks = true } = this.#options;
		const reason = disks ? await this.#tryDisks() : 'they are not wanted';
		if (typeof reason !== 'string') return this.#settled(reason, true);
		log.warn('sandboxes get no disks of their own, their use is watched instead', { reason });
		const { dockerRoot } = await engine.info();
		const link = await this.#start(WITHOUT_DISKS, [`${dockerRoot}/volumes:/host/volumes:ro`]);
		return this.#settled(link, false);
	}

	async #tryDisks(): Promise<HelperLink | string> {
		const { engine } = this.#options;
		const volume = disksVolume(engine.instance);
		await engine.createVolume(volume);
		let link: HelperLink | undefined;
		try {
			const binds = ['/dev:/host/dev', `${volume}:/host/disks`];
			link = await this.#start(WITH_DISKS, binds, LOOP_DEVICES);
			const reason = await link.disks;
			if (reason === null) return link;
			link.close();
			return reason;
		} catch (cause) {
			link?.close();
			// An engine that doesn't answer says nothing about its machine.
			await engine.ping();
			return (cause as Error).message;
		}
	}

	async #start(
		capabilities: readonly string[],
		binds: readonly string[],
		devices: readonly string[] = [],
	): Promise<HelperLink> {
		const { engine, image, log, onTrouble } = this.#options;
		const { cgroupDriver } = await engine.info();
		const systemd = cgroupDriver === 'systemd' ? ['/run/systemd/system:/host/units'] : [];
		const stream = await engine.openMachineHelper(
			{
				image,
				command: ['python3', '-I', '-c', HELPER_PROGRAM, groupOf(cgroupDriver)],
				capabilities,
				binds: ['/sys/fs/cgroup:/host/cgroup', ...systemd, ...binds],
				devices,
			},
			(data) => log.warn('said on the engine’s machine', { text: data.toString() }),
		);
		return new HelperLink(stream, onTrouble);
	}

	async #settled(link: HelperLink, hasDisks: boolean): Promise<HelperLink> {
		this.#hasDisks = hasDisks;
		this.#options.log.info('the engine’s machine is looked after', { disks: hasDisks });
		await this.#bound(link);
		await link.ask({ do: 'watch', disks: this.#watched });
		// Of an earlier launch, perhaps.
		this.sweepSoon();
		return link;
	}

	/** Repeated, for a group that vanished (its machine restarted, systemd dropped it) forgets. */
	async #bound(link: HelperLink): Promise<void> {
		const { cpus, memory, cgroupDriver } = await this.#options.engine.info();
		const group = groupOf(cgroupDriver);
		const values = {
			shares: SHARES_PER_CORE * cpus,
			weight: WEIGHT,
			memory: memoryForSandboxes(memory),
		};
		const said = await link.ask({ do: 'bound', group, ...values }).catch(String);
		this.#options.log.info('the sandboxes are bounded together', { group, ...values, said });
		clearTimeout(this.#boundAgain);
		this.#boundAgain = setTimeout(() => {
			this.#bound(link).catch(() => {});
		}, BOUND_AGAIN_MS).unref();
	}

	/** It was ended from outside, or the engine restarted: another one, as soon as that is possible. */
	async #lost(): Promise<void> {
		const { signal } = this.#closed;
		this.#link = undefined;
		if (this.#retrying) return;
		this.#retrying = true;
		for (let wait = RETRY_FIRST_MS; !signal.aborted && !this.#link;) {
			await sleep(wait, undefined, { signal, ref: false }).catch(() => {});
			wait = Math.min(wait * 2, RETRY_MOST_MS);
			await this.open();
		}
		this.#retrying = false;
	}
}

const groupOf = (driver: string): string => cgroupParent(driver).replace(/^\//, '');
