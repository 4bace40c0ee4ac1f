// Reads what BuildKit tells of its steps as it runs them (`--progress=rawjson`): facts, not words for a
// terminal. What a step prints is encoded within and can't pass for one of them.

import { z } from 'zod';
import type { DockerfileSource, Instruction } from './dockerfile.ts';

export interface Step {
	/** By what it computes: the same work is the same step. */
	digest: string;
	/** What must be there before it. */
	inputs: readonly string[];
	/** `[build 2/5] RUN make` */
	name: string;
	/** `finished` without `cached`: it was run. */
	state: 'cached' | 'finished' | 'running' | 'waiting' | 'failed';
	durationMs: number;
}

const Vertex = z.object({
	digest: z.string(),
	name: z.string(),
	inputs: z.array(z.string()).default([]),
	cached: z.boolean().default(false),
	started: z.string().optional(),
	completed: z.string().optional(),
	error: z.string().optional(),
});
const Report = z.object({ vertexes: z.array(Vertex).default([]) });

/** Characters of one report; only what a step prints is ever longer, and that isn't looked at. */
const REPORT_LIMIT = 1024 * 1024;
/** A Dockerfile that we read has fewer. */
const MAX_STEPS = 10_000;

/** Takes the stream as it comes; each report begins and ends with a brace on a line of its own. */
export class StepReader {
	readonly steps = new Map<string, Step>();
	readonly #decoder = new TextDecoder();
	#rest = '';
	#report: string[] = [];
	#length = 0;

	push(chunk: Uint8Array): void {
		const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
		this.#rest = (lines.pop() ?? '').slice(0, REPORT_LIMIT);
		for (const line of lines) this.#line(line);
	}

	#line(line: string): void {
		if (line === '{') {
			this.#report = [];
			this.#length = 0;
		}
		this.#length += line.length;
		if (this.#length <= REPORT_LIMIT) this.#report.push(line);
		if (line !== '}') return;
		if (this.#length <= REPORT_LIMIT) this.#read(this.#report.join('\n'));
		this.#report = [];
	}

	#read(json: string): void {
		let value: unknown;
		try {
			value = JSON.parse(json);
		} catch {
			// A warning that the client prints in between.
			return;
		}
		for (const vertex of Report.safeParse(value).data?.vertexes ?? []) {
			if (this.steps.size < MAX_STEPS || this.steps.has(vertex.digest)) this.#keep(vertex);
		}
	}

	#keep(vertex: z.infer<typeof Vertex>): void {
		const { digest, inputs, name, started, completed } = vertex;
		const spent = started && completed ? Date.parse(completed) - Date.parse(started) : 0;
		// A step may be begun more than once: what was run once was not taken from the cache.
		const before = this.steps.get(digest);
		const ran = before?.state === 'finished' && before.durationMs > 0;
		const state = vertex.error
			? 'failed'
			: vertex.cached && !ran
				? 'cached'
				: completed
					? 'finished'
					: started
						? 'running'
						: 'waiting';
		const durationMs = Math.max(spent, before?.durationMs ?? 0, 0);
		this.steps.set(digest, { digest, inputs, name, state, durationMs });
	}
}

/** The instructions that are steps of a build; the others only note something down. */
export const STEPS = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

/** The instruction that a step comes from: `[build  2/10]` counts the steps of a stage, FROM among them. */
export function instructionOf(
	{ name }: Pick<Step, 'name'>,
	{ stages }: DockerfileSource,
): Instruction | undefined {
	const match = /^\[(?:([^\s\]]+) )? *(\d+)\/(\d+)\] (\w+)/.exec(name);
	if (!match) return undefined;
	const [, stageName, number, total, keyword] = match;
	const index =
		stageName === undefined
			? stages.length - 1
			: stages.findLastIndex(
					(stage, at) => stage.name === stageName || `stage-${at}` === stageName,
				);
	const own = stages[index]?.instructions.filter((each) => STEPS.has(each.keyword)) ?? [];
	// What comes before them: FROM, unless it is an earlier stage, and what the base image planned.
	const found = own[Number(number) - 1 - (Number(total) - own.length)];
	return found?.keyword === keyword?.toUpperCase() ? found : undefined;
}
