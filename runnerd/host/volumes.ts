// The volumes of sandboxes: on a disk of their own where the engine's machine can give one, which
// nobody can overfill; else plain ones, whose use is watched.

import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import type { DiskUse, Machine } from './machine.ts';

export class Volumes {
	#engine: Engine;
	#machine: Machine | undefined;
	#log: Log;
	/** Of live sandboxes, with what each may hold; bytes. */
	#live = new Map<string, number>();

	constructor(engine: Engine, machine: Machine | undefined, log: Log) {
		this.#engine = engine;
		this.#machine = machine;
		this.#log = log;
	}

	/** Makes it, or finds it. What this gives is disposed once the container that mounts it runs. */
	async prepare(name: string, bytes: number): Promise<Disposable> {
		const kind = await this.#engine.volumeKind(name);
		const disk = kind === 'plain' ? undefined : await this.#disk(name, bytes, kind);
		try {
			await this.#engine.createVolume(name, disk?.device);
		} catch (error) {
			disk?.[Symbol.dispose]();
			throw error;
		}
		this.hold(name, bytes);
		return disk ?? { [Symbol.dispose]: () => {} };
	}

	/** A volume that was on a disk has its files there; a new one can do without, and is watched. */
	async #disk(name: string, bytes: number, kind: 'disk' | 'none') {
		const needed = kind === 'disk';
		try {
			// One that an earlier volume of this name left is not yet swept, and not to be seen again.
			const disk = await this.#machine?.disk(name, bytes, { empty: !needed });
			if (!disk && needed) throw new Error('the machine gives no disks any more');
			return disk;
		} catch (cause) {
			if (needed) throw cause;
			this.#log.warn('a sandbox has no disk of its own', { volume: name, cause });
			return undefined;
		}
	}

	/** What those of them hold that are on a disk; undefined where there are none. */
	use(names: readonly string[]): Promise<DiskUse | undefined> {
		return this.#machine?.use(names) ?? Promise.resolve(undefined);
	}

	/** It is in use. */
	hold(name: string, bytes: number): void {
		this.#live.set(name, bytes);
		this.#watch();
	}

	/** It waits for its workspace's return. */
	drop(name: string): void {
		if (this.#live.delete(name)) this.#watch();
	}

	async remove(name: string): Promise<void> {
		await this.#engine.removeVolume(name);
		this.#machine?.sweepSoon();
	}

	#watch(): void {
		this.#machine?.watch(Object.fromEntries(this.#live));
	}
}
