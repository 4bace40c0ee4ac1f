// Measures what checks ask for, each thing at most once, in one sandbox.

import { setTimeout } from 'node:timers/promises';
import type { CheckName, Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import type { Metrics } from '@containrlab/protocol/verdict.ts';
import { type BuildOutcome, buildImage, IMAGE } from './build.ts';
import type { Facts } from './checks/check.ts';
import { type Container, openContainer, type Surroundings } from './containers.ts';
import { measureContext } from './context.ts';
import { findDockerfile } from './dockerfile.ts';
import { baseLayers, type Layers, measureLayers } from './image-layers.ts';
import type { RunLog } from './log.ts';
import { rebuild } from './rebuild.ts';
import type { Sandbox } from './sandbox.ts';
import { secretsOf } from './submission.ts';
import { lastLines } from './text.ts';

export interface Measuring {
	lab: Lab;
	files: readonly SubmittedFile[];
	sandbox: Sandbox;
	log: RunLog;
	now: () => number;
	/** Filled in as things are measured. */
	metrics: Partial<Metrics>;
	signal?: AbortSignal;
}

export function measure(measuring: Measuring): Facts {
	const { lab, sandbox, now } = measuring;
	const byPath = new Map(measuring.files.map((file) => [file.path, file]));
	const signalled = measuring.signal ? { signal: measuring.signal } : {};
	const context = once(() => measureContext(sandbox, measuring.signal));
	const image = once(() => build(measuring));
	const layers = once(() => lookInto(measuring, image));
	const container = once(() => start(measuring));
	const surroundings: Surroundings = { sandbox, now, ...signalled };
	let others = 0;
	return {
		files: byPath,
		dockerfile: findDockerfile(byPath),
		images: lab.front.images,
		context,
		image,
		layers,
		rebuild: (change) => rebuild(sandbox, { change, timeoutMs: buildLimit(lab), ...signalled }),
		container,
		another: (how) => {
			others += 1;
			return openContainer(surroundings, { ...how, name: `judged-${others}`, published: false });
		},
		wait: (ms) => setTimeout(ms, undefined, signalled),
		now,
	};
}

async function build({
	lab,
	sandbox,
	log,
	now,
	metrics,
	signal,
}: Measuring): Promise<BuildOutcome> {
	const sink = log.stream('build');
	const outcome = await buildImage(sandbox, {
		timeoutMs: buildLimit(lab),
		now,
		onOutput: (chunk) => sink.push(chunk),
		...(signal && { signal }),
	});
	sink.end();
	metrics.buildMs = outcome.durationMs;
	if (outcome.status === 'built') metrics.imageBytes = outcome.inspect.Size;
	return outcome;
}

/** Once for all checks that look for something. */
async function lookInto(
	{ lab, sandbox, signal }: Measuring,
	image: () => Promise<BuildOutcome>,
): Promise<Layers> {
	const outcome = await image();
	if (outcome.status !== 'built') throw new Error('an image was looked at that was never built');
	const { inspect } = outcome;
	return measureLayers(sandbox, {
		...{ image: IMAGE, inspect },
		base: await baseLayers(sandbox, inspect, lab.front.images, signal),
		wanted: declared(lab, 'image-excludes').flatMap(({ paths }) => paths),
		secrets: declared(lab, 'image-hides-secrets').flatMap(secretsOf),
		...(signal && { signal }),
	});
}

/** Milliseconds that a build may take. */
const buildLimit = (lab: Lab): number =>
	1000 * Math.max(...declared(lab, 'image-builds').map(({ within }) => within), 0) || 180_000;

async function start({ lab, sandbox, log, now, metrics, signal }: Measuring): Promise<Container> {
	const runs = declared(lab, 'container-runs');
	const asked = declared(lab, 'http').map(({ port }) => port);
	const ports = [...new Set([...runs.flatMap(({ port }) => port ?? []), ...asked])];
	const onAnswer = (sinceStart: number) => {
		metrics.startMs ??= sinceStart;
	};
	const container = await openContainer(
		{ sandbox, now, onAnswer, ...(signal && { signal }) },
		{
			...{ name: 'judged', published: true, port: ports[0] },
			flags: ports.map((port) => `--publish=${port}:${port}`),
			stayUpMs: Math.max(1, ...runs.map(({ stayUp }) => stayUp)) * 1000,
		},
	);
	const { started } = container;
	if (started.status === 'exited') log.write('run', `${lastLines(started.output, 200, 16_384)}\n`);
	if (started.status === 'refused') log.write('run', `${started.message}\n`);
	return container;
}

function declared<Name extends CheckName>(lab: Lab, name: Name): Declared<Name>[] {
	return lab.front.checks.filter((check): check is Declared<Name> => check.check === name);
}

/** Runs at the first call; a failure that nobody waits for yet is kept for whoever asks. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
	let result: Promise<T> | undefined;
	return () => {
		if (!result) {
			result = work();
			result.catch(() => {});
		}
		return result;
	};
}
