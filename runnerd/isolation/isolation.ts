// No sandbox is handed out on an engine that doesn't hold it: the first to come up is looked at, and
// the result is kept for as long as image and engine stay the same.

import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { SandboxLimits } from '@containrlab/protocol/sandbox.ts';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { SandboxError } from '../sandboxes/handle.ts';
import { cgroupParent, containerOptions } from '../sandboxes/spec.ts';
import { engineFacts, selfCheck, type Finding } from './engine-check.ts';
import { probe } from './probe.ts';
import { probeCheck } from './probe-check.ts';

/** Somebody may have mended it meanwhile. */
const LOOK_AGAIN_MS = 30_000;

/** In runnerd's data, shared with the set-up that looks before runnerd is there. */
export const ISOLATION_FILE = 'isolation';

export type IsolationOptions = {
	engine: Engine;
	/** The sandbox image's name. */
	image: string;
	/** Keeps for which image and engine sandboxes were found safe; without it, every launch looks. */
	file: string | undefined;
	log: Log;
};

/** Its message names each finding and what mends it; for a log and for whoever starts us. */
export class UnsafeEngine extends SandboxError {
	readonly findings: readonly Finding[];
	constructor(findings: readonly Finding[]) {
		const words = findings.map(({ what, mend }) => `${what} → ${mend}`);
		super('unsafe-engine', `sandboxes are not safe on this engine: ${words.join(' ')}`);
		this.findings = findings;
	}
}

export class Isolation {
	#options: IsolationOptions;
	#passed = false;
	#refused: { error: UnsafeEngine; at: number } | undefined;

	constructor(options: IsolationOptions) {
		this.#options = options;
	}

	/** Saves the boot of a sandbox that couldn't be handed out anyway. */
	assertNotRefused(): void {
		if (this.#refused && performance.now() - this.#refused.at < LOOK_AGAIN_MS) {
			throw this.#refused.error;
		}
	}

	/** Throws `UnsafeEngine` unless sandboxes are held here; `box` is up and nobody's yet. */
	async verify(box: { id: string; uid: number }, limits: SandboxLimits): Promise<void> {
		if (this.#passed) return;
		const { engine, file, log } = this.#options;
		const info = await engine.rawInfo();
		const key = await this.#key(info);
		if (await this.#isKept(key)) return;
		const findings = [
			...selfCheck(engineFacts(info, undefined)),
			...probeCheck(await probe(engine, box, limits)),
		].filter(({ kind }) => kind === 'refusal');
		if (findings.length > 0) {
			for (const { what, mend } of findings) log.error('unsafe', { what, mend });
			const error = new UnsafeEngine(findings);
			this.#refused = { error, at: performance.now() };
			throw error;
		}
		this.#passed = true;
		if (file) await keep(file, key);
	}

	/** Whether image and engine are those that an earlier look found safe. */
	async isKnown(): Promise<boolean> {
		return this.#isKept(await this.#key(await this.#options.engine.rawInfo()));
	}

	async #isKept(key: string): Promise<boolean> {
		const { file } = this.#options;
		if (!file || (await readFile(file, 'utf8').catch(() => '')) !== key) return false;
		this.#passed = true;
		return true;
	}

	/** Of all that decides how a sandbox is held. */
	async #key(info: unknown): Promise<string> {
		const { engine, image } = this.#options;
		const said = info as Record<string, unknown>;
		const names = ['ID', 'ServerVersion', 'KernelVersion', 'SecurityOptions', 'CgroupDriver'];
		const limits = { memory: 1, cpus: 1, pids: 1, disk: 1 };
		const spec = { id: '', name: '', purpose: 'pool', volume: '', uid: 1, limits } as const;
		const options = containerOptions({
			...spec,
			image,
			imagesVolume: undefined,
			cgroupParent: cgroupParent(String(said['CgroupDriver'])),
		});
		const facts = [...names, 'CgroupVersion', 'DefaultRuntime', 'RuncCommit', 'InitCommit'].map(
			(name) => said[name],
		);
		const text = JSON.stringify([facts, options, await engine.imageId(image)]);
		return createHash('sha256').update(text).digest('hex');
	}
}

/** Losing it costs one look. */
async function keep(file: string, key: string): Promise<void> {
	await writeFile(`${file}.new`, key, { mode: 0o600 });
	await rename(`${file}.new`, file);
}
