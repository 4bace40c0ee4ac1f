// One trial: a lab's solution, built and judged in a fresh sandbox, and what that took.

import { judge } from '@containrlab/judges/run.ts';
import type { Lab, LabFile } from '@containrlab/protocol/lab.ts';
import type { Trial } from '@containrlab/protocol/preflight.ts';
import type { Verdict } from '@containrlab/protocol/verdict.ts';
import type { SandboxHandle, TrialSandbox } from '../sandboxes/handle.ts';

/** Between two looks at a sandbox's memory. */
const SAMPLE_MS = 500;
const INSPECT_MS = 30_000;
const SYNC_MS = 60_000;

export interface TrialWorld {
	memoryOf(container: string): Promise<number>;
	measure(volume: string): Promise<{ bytes: number | undefined; free: number }>;
	onError(error: unknown): undefined;
}

export interface Tried {
	trial: Trial;
	missing: string[];
	bootSeconds: number | undefined;
	memory: number | undefined;
	/** What it holds, and what was free beside it. */
	disk: { bytes: number; free: number } | undefined;
}

export async function tryLab(
	lab: Lab,
	solution: readonly LabFile[],
	sandbox: TrialSandbox,
	{ memoryOf, measure, onError }: TrialWorld,
	signal: AbortSignal,
): Promise<Tried> {
	const missing = await missingImages(lab, sandbox, signal);
	using meter = new Peak(() => memoryOf(sandbox.id));
	const verdict = await judge(lab, solution, sandbox, { signal, onError });
	const disk = await heldDisk(sandbox, measure, signal).catch(onError);
	const bootSeconds = sandbox.bootMs === undefined ? undefined : sandbox.bootMs / 1000;
	return { trial: trialOf(verdict), missing, bootSeconds, memory: meter.highest, disk };
}

async function heldDisk(
	sandbox: TrialSandbox,
	measure: TrialWorld['measure'],
	signal: AbortSignal,
): Promise<{ bytes: number; free: number } | undefined> {
	// What isn't written yet holds nothing yet.
	await sandbox.exec(['sync', '-f', '/workspace'], { timeoutMs: SYNC_MS, signal });
	const { bytes, free } = await measure(sandbox.volume);
	return bytes === undefined ? undefined : { bytes, free };
}

async function missingImages(
	lab: Lab,
	sandbox: SandboxHandle,
	signal: AbortSignal,
): Promise<string[]> {
	const missing: string[] = [];
	for (const image of lab.front.images) {
		const look = ['docker', 'image', 'inspect', '--format', '-', image];
		const { exitCode } = await sandbox.exec(look, { timeoutMs: INSPECT_MS, signal });
		if (exitCode !== 0) missing.push(image);
	}
	return missing;
}

export function trialOf(verdict: Verdict): Trial {
	const { durationMs, buildMs } = verdict.metrics;
	return {
		outcome: verdict.status,
		trouble: troubleOf(verdict),
		seconds: durationMs / 1000,
		buildSeconds: buildMs === undefined ? null : buildMs / 1000,
	};
}

function troubleOf(verdict: Verdict): Trial['trouble'] {
	if (verdict.status === 'passed') return null;
	const { code, message } = verdict.status === 'error' ? verdict : verdict.failures[0]!;
	return { code, message };
}

/** Looks now and then, one look at a time; what fails is looked at again. */
class Peak implements Disposable {
	highest: number | undefined;
	#timer: NodeJS.Timeout;
	#looking = false;

	constructor(look: () => Promise<number>) {
		const sample = async () => {
			if (this.#looking) return;
			this.#looking = true;
			const bytes = await look().catch(() => undefined);
			this.#looking = false;
			if (bytes !== undefined) this.highest = Math.max(this.highest ?? 0, bytes);
		};
		this.#timer = setInterval(() => void sample(), SAMPLE_MS).unref();
	}

	[Symbol.dispose](): void {
		clearInterval(this.#timer);
	}
}
