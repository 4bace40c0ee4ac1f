// Kept volumes are a cache under a budget: what a workspace's sandbox left behind for its return makes
// room for others', least recently used first, never that of a sandbox in use. Files are in the
// document; what goes are images, containers and volumes, which can be built again.

import { z } from 'zod';
import type { Engine } from '../engine/engine.ts';
import type { Volumes } from '../host/volumes.ts';
import type { Log } from '../log.ts';

export type KeptBudget = {
	/** Volumes. */
	count: number;
	/** On the engine's disk; undefined: a share of it. */
	bytes: number | undefined;
};

/** What this needs of a session. */
export type KeptOwner = {
	readonly workspace: string;
	readonly kept: { name: string; bytes?: number | undefined } | undefined;
	readonly record: { home: boolean; activeAt: number; state: { at: number } };
	measured(volume: string, bytes: number): void;
	clear(): Promise<boolean>;
};

/** The rest of the engine's disk is its images', the live sandboxes' and everybody else's. */
const SHARE_OF_DISK = 0.2;
/** A volume that couldn't be measured counts as one that is full. */
const UNMEASURED = 8 * 1024 ** 3;
/** Volumes that one helper looks into. */
const AT_ONCE = 40;
const SECONDS_EACH = 30;
/** Ends come together, at a lesson's end: they are looked at once. */
const CALM_MS = 30_000;

const Measured = z.object({
	disk: z.object({ size: z.number(), free: z.number() }),
	volumes: z.map(z.string(), z.number()),
});
type Measured = z.infer<typeof Measured>;

export class KeptVolumes {
	#engine: Engine;
	#volumes: Pick<Volumes, 'use'>;
	#image: string;
	#budget: KeptBudget;
	#log: Log;
	#owners: () => Iterable<KeptOwner>;
	#timer: NodeJS.Timeout | undefined;
	#turn: Promise<void> = Promise.resolve();
	#closed = new AbortController();

	constructor(options: {
		engine: Engine;
		volumes: Pick<Volumes, 'use'>;
		image: string;
		kept: KeptBudget;
		log: Log;
		owners: () => Iterable<KeptOwner>;
	}) {
		this.#engine = options.engine;
		this.#volumes = options.volumes;
		this.#image = options.image;
		this.#budget = options.kept;
		this.#log = options.log;
		this.#owners = options.owners;
	}

	/** A sandbox ended, or a launch began: soon the budget is looked at. */
	soon(): void {
		if (this.#closed.signal.aborted) return;
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			this.trim().catch((cause) => {
				if (!this.#closed.signal.aborted)
					this.#log.warn('kept volumes were not trimmed', { cause });
			});
		}, CALM_MS).unref();
	}

	/** Brings what is kept under the budget. */
	trim(): Promise<void> {
		const turn = this.#turn.then(() => this.#trim());
		this.#turn = turn.catch(() => {});
		return turn;
	}

	/** Bytes of one volume, kept or in use, and what the disk has free. */
	async look(name: string): Promise<{ bytes: number | undefined; free: number }> {
		const { disk, volumes } = await this.#measure([name]);
		return { bytes: volumes.get(name), free: disk.free };
	}

	async close(): Promise<void> {
		clearTimeout(this.#timer);
		this.#closed.abort(new Error('runnerd stops'));
		await this.#turn;
	}

	async #trim(): Promise<void> {
		let disk: Measured['disk'] | undefined;
		const unmeasured = this.#kept().filter(({ bytes }) => bytes === undefined);
		for (let at = 0; at < unmeasured.length; at += AT_ONCE) {
			const some = unmeasured.slice(at, at + AT_ONCE);
			const measured = await this.#measure(some.map(({ name }) => name));
			disk = measured.disk;
			for (const { name, owner } of some) {
				owner.measured(name, measured.volumes.get(name) ?? UNMEASURED);
			}
		}
		// Nothing new: the last look still holds.
		if (!disk) return;
		const kept = this.#kept();
		for (const { owner, name, bytes } of surplus(kept, this.#budgetOn(disk, kept))) {
			if (!(await owner.clear())) continue;
			this.#log.info('a kept volume made room', {
				workspace: owner.workspace,
				volume: name,
				bytes,
			});
		}
	}

	#kept(): KeptVolume[] {
		return Array.from(this.#owners(), (owner) => {
			const { record, kept } = owner;
			if (!kept) return [];
			const usedAt = Math.max(record.activeAt, record.state.at);
			return [{ name: kept.name, bytes: kept.bytes, usedAt, home: record.home, owner }];
		}).flat();
	}

	/** By default a fifth of the disk, and never more than leaves as much free as is kept. */
	#budgetOn(disk: Measured['disk'], kept: readonly KeptVolume[]) {
		const held = kept.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
		const share = Math.min(disk.size * SHARE_OF_DISK, (held + disk.free) / 2);
		return { count: this.#budget.count, bytes: this.#budget.bytes ?? share };
	}

	/** A disk of their own tells by itself; there is nothing to mount, and it isn't attached. */
	async #measure(names: readonly string[]): Promise<Measured> {
		const known = await this.#volumes.use(names);
		if (!known) return this.#walk(names);
		const others = names.filter((name) => !(name in known.volumes));
		const walked = others.length > 0 ? await this.#walk(others) : { volumes: [] };
		const volumes = new Map([...Object.entries(known.volumes), ...walked.volumes]);
		return { disk: known.disk, volumes };
	}

	async #walk(names: readonly string[]): Promise<Measured> {
		const text = await this.#engine.runHelper({
			image: this.#image,
			// -x: what is mounted in there isn't on this disk. A line is "<bytes><tab>/kept/<n>".
			script: `df -B1 --output=size,avail / | tail -n 1
				for one in /kept/*; do timeout ${SECONDS_EACH} du -sx -B1 "$one" 2> /dev/null || true; done`,
			volumes: new Map(names.map((name, index) => [`/kept/${index}`, name])),
			signal: AbortSignal.any([
				this.#closed.signal,
				AbortSignal.timeout((names.length * SECONDS_EACH + 60) * 1000),
			]),
		});
		return parseMeasured(text, names);
	}
}

function parseMeasured(text: string, names: readonly string[]): Measured {
	const [head = '', ...lines] = text.trim().split('\n');
	const [size, free] = head.trim().split(/\s+/).map(Number);
	const volumes = new Map<string, number>();
	for (const line of lines) {
		const [, bytes, index] = /^(\d+)\t\/kept\/(\d+)$/.exec(line) ?? [];
		const name = names[Number(index)];
		if (name !== undefined) volumes.set(name, Number(bytes));
	}
	return Measured.parse({ disk: { size, free }, volumes });
}

export type KeptVolume<O = KeptOwner> = {
	name: string;
	bytes: number | undefined;
	usedAt: number;
	/** All it held is in the document. */
	home: boolean;
	owner: O;
};

/** What must go: the longest unused first, and before those that may hold the only copy of a file. */
export function surplus<O>(
	kept: readonly KeptVolume<O>[],
	budget: { count: number; bytes: number },
): KeptVolume<O>[] {
	const order = kept.toSorted((a, b) => Number(b.home) - Number(a.home) || a.usedAt - b.usedAt);
	let count = kept.length;
	let bytes = kept.reduce((sum, one) => sum + (one.bytes ?? UNMEASURED), 0);
	const gone: KeptVolume<O>[] = [];
	for (const one of order) {
		if (count <= budget.count && bytes <= budget.bytes) break;
		gone.push(one);
		count -= 1;
		bytes -= one.bytes ?? UNMEASURED;
	}
	return gone;
}
