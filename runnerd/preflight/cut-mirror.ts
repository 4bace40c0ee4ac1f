// The mirror once more, without any way out: it gives what the real one has, and nothing else. What is
// tried behind it needs no internet tomorrow.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';

const READY_MS = 30_000;
const LOOK_MS = 100;
/** By which user a mirror runs, in its image. */
const USER = '7403:7403';
const LOOK = [
	...['curl', '-sf', '--max-time', '2', '--unix-socket', '/sockets/http.sock'],
	'http://mirror.sbx.internal/health',
];

export interface CutMirror extends AsyncDisposable {
	/** The volume of its sockets. */
	readonly volume: string;
}

/** Undefined where there is no mirror. `mirror`: its name, and that of the volume of its sockets. */
export async function cutMirror(
	engine: Engine,
	mirror: string,
	signal: AbortSignal,
): Promise<CutMirror | undefined> {
	const name = `${engine.instance}-mirror-cut`;
	await remove(engine, name);
	const recipe = await engine.recipe(mirror);
	if (!recipe) return undefined;
	await engine.createVolume(name);
	const cut = { volume: name, [Symbol.asyncDispose]: () => remove(engine, name) };
	try {
		await engine.startContainer({
			...recipe,
			name,
			NetworkDisabled: true,
			HostConfig: {
				...recipe.HostConfig,
				NetworkMode: 'none',
				RestartPolicy: { Name: 'no' },
				Mounts: (recipe.HostConfig?.Mounts ?? []).map((mount) =>
					mount.Target === '/sockets' ? { ...mount, Source: name } : { ...mount, ReadOnly: true },
				),
			},
		});
		await answering(engine, name, signal);
		return cut;
	} catch (error) {
		await remove(engine, name);
		throw error;
	}
}

async function remove(engine: Engine, name: string): Promise<void> {
	await engine.removeContainer(name);
	await engine.removeVolume(name);
}

async function answering(engine: Engine, name: string, signal: AbortSignal): Promise<void> {
	for (const end = performance.now() + READY_MS; ;) {
		const exec = { user: USER, command: LOOK, onOutput() {}, signal };
		if ((await engine.exec(name, exec)) === 0) return;
		if (performance.now() > end) throw new Error('the mirror without a network does not answer');
		await sleep(LOOK_MS, undefined, { signal });
	}
}
