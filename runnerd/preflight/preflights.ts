// Preflights: one at a time, each asked for by class; its last report is kept until the next one.

import { readAuthoredCases } from '@containrlab/labs/catalog.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import {
	type LabFlight,
	Preflight,
	type PreflightReport,
	type PreflightRequest,
	type Trial,
} from '@containrlab/protocol/preflight.ts';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { SandboxError, type TrialSource } from '../sandboxes/handle.ts';
import { RecordStore } from '../sessions/state.ts';
import { cutMirror } from './cut-mirror.ts';
import { type Tried, tryLab } from './trial.ts';

/** Classes whose last report is kept. */
const MOST_KEPT = 200;
/** Of the disk that stays the engine's own. */
const DISK_RESERVE = 2 * 1024 ** 3;
/** From a trial's place in the line to its verdict. */
const TRIAL_MS = 15 * 60_000;

export interface PreflightsOptions {
	directory: string;
	labsDir: string;
	findLab(slug: string, digest: string): Promise<Lab | undefined>;
	engine: Engine;
	/** The volume of its sockets, which has its name; undefined: there is none. */
	mirror: string | undefined;
	sandboxes: TrialSource;
	log: Log;
}

type Running = Extract<Preflight, { status: 'running' }>;
type Pass = 'supplied' | 'cut';

export class Preflights {
	readonly #options: PreflightsOptions;
	readonly #store: RecordStore<Preflight>;
	readonly #last = new Map<string, Preflight>();
	#running: { class: string; state: Running; over: Promise<void> } | undefined;
	readonly #closed = new AbortController();

	constructor(options: PreflightsOptions) {
		this.#options = options;
		this.#store = new RecordStore(options.directory, Preflight, options.log);
	}

	async open(): Promise<void> {
		for (const [key, last] of await this.#store.load()) this.#last.set(key, last);
	}

	/** Begins one; undefined while another class's runs. The same class's goes on. */
	begin(classId: string, request: PreflightRequest): Preflight | undefined {
		if (this.#running) return this.#running.class === classId ? this.#running.state : undefined;
		const of = request.labs.length * (this.#options.mirror === undefined ? 1 : 2);
		const state: Running = { status: 'running', since: Date.now(), done: 0, of, doing: null };
		this.#running = { class: classId, state, over: this.#run(classId, request, state) };
		return state;
	}

	get(classId: string): Preflight | undefined {
		if (this.#running?.class === classId) return this.#running.state;
		return this.#last.get(classId);
	}

	async close(): Promise<void> {
		this.#closed.abort(new Error('runnerd stops'));
		await this.#running?.over;
	}

	async #run(classId: string, request: PreflightRequest, state: Running): Promise<void> {
		const { log } = this.#options;
		const last = await this.#fly(request, state).then(
			(report): Preflight => ({ status: 'done', report }),
			(cause: unknown): Preflight => {
				log.error('a preflight broke off', { class: classId, cause });
				const code = cause instanceof SandboxError ? cause.code : 'internal';
				return { status: 'broken', at: Date.now(), code };
			},
		);
		// One that our own end broke off says nothing about the class.
		if (!this.#closed.signal.aborted) await this.#keep(classId, last);
		this.#running = undefined;
	}

	async #keep(classId: string, last: Preflight): Promise<void> {
		this.#last.delete(classId);
		this.#last.set(classId, last);
		const write = this.#store.write(classId, last);
		const [oldest] = this.#last.keys();
		if (this.#last.size > MOST_KEPT && oldest !== undefined) {
			this.#last.delete(oldest);
			await this.#store.remove(oldest);
		}
		await write.catch((cause: unknown) => {
			this.#options.log.error('a preflight was not kept', { class: classId, cause });
		});
	}

	async #fly(request: PreflightRequest, state: Running): Promise<PreflightReport> {
		const began = performance.now();
		const labs: Lab[] = [];
		const unknown: string[] = [];
		for (const { slug, digest } of request.labs) {
			const lab = await this.#options.findLab(slug, digest);
			if (lab) labs.push(lab);
			else unknown.push(slug);
		}
		state.of -= unknown.length * (this.#options.mirror === undefined ? 1 : 2);
		const supplied = await this.#pass('supplied', labs, request, state);
		const cut = await this.#cutOff(labs, request, state);
		const flights = labs.map(({ slug }, index) => {
			const last = cut?.[index] ?? supplied[index]!;
			return flightOf(slug, supplied[index]!.trial, cut?.[index]?.trial ?? null, last);
		});
		const boots = [...supplied, ...(cut ?? [])].flatMap(({ bootSeconds }) => bootSeconds ?? []);
		return {
			at: Date.now(),
			seconds: (performance.now() - began) / 1000,
			labs: flights,
			unknown,
			startSeconds: boots.length > 0 ? median(boots) : null,
			...(await this.#room(flights, cut ?? supplied, request.students)),
		};
	}

	/** What was fetched by then is all that there is. */
	async #cutOff(labs: readonly Lab[], request: PreflightRequest, state: Running) {
		const { engine, mirror } = this.#options;
		if (mirror === undefined || labs.length === 0) return undefined;
		await using cut = await cutMirror(engine, mirror, this.#closed.signal);
		return cut && (await this.#pass('cut', labs, request, state, cut.volume));
	}

	/** One after the other, so that each is measured alone. */
	async #pass(
		pass: Pass,
		labs: readonly Lab[],
		{ limits }: PreflightRequest,
		state: Running,
		mirror?: string,
	): Promise<Tried[]> {
		const { sandboxes, engine, labsDir, log } = this.#options;
		const tried: Tried[] = [];
		for (const lab of labs) {
			state.doing = { slug: lab.slug, pass };
			const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(TRIAL_MS)]);
			const { solution } = await readAuthoredCases(labsDir, lab);
			await using sandbox = await sandboxes.trial(limits, { signal, mirror });
			const world = {
				memoryOf: (id: string) => engine.memoryOf(id),
				measure: (volume: string) => sandboxes.measure(volume),
				onError: (cause: unknown) =>
					void log.warn('in a preflight', { lab: lab.slug, pass, cause }),
			};
			tried.push(await tryLab(lab, solution, sandbox, world, signal));
			state.done += 1;
		}
		state.doing = null;
		return tried;
	}

	/** By the lab that needs most. */
	async #room(labs: readonly LabFlight[], tried: readonly Tried[], students: number) {
		const { sandboxes, engine } = this.#options;
		const most = (of: (lab: LabFlight) => number | null) => {
			const known = labs.flatMap((lab) => of(lab) ?? []);
			return known.length > 0 ? Math.max(...known) : null;
		};
		const [memory, disk] = [most((lab) => lab.memory), most((lab) => lab.disk)];
		const { cpus } = await engine.info();
		// As it is when the last one is removed.
		const held = tried.at(-1)?.disk;
		const free = held ? held.free + held.bytes : null;
		return {
			cores: cpus,
			diskFree: free,
			fit: {
				memory: memory === null ? null : await sandboxes.places(memory),
				disk: disk && free !== null ? Math.max(0, Math.floor((free - DISK_RESERVE) / disk)) : null,
				students,
			},
		};
	}
}

const flightOf = (slug: string, supplied: Trial, cut: Trial | null, last: Tried): LabFlight => ({
	...{ slug, supplied, cut, missing: last.missing },
	...{ memory: last.memory ?? null, disk: last.disk?.bytes ?? null },
});

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
