// Reads again what hints point to, or everything; what was seen is in the state then.

import type { FlushState } from './state.ts';

/** Whether anything isn't as it was. */
export async function lookAt(state: FlushState, paths: readonly string[]): Promise<boolean> {
	let changed = false;
	for (const look of (await state.files.scan(paths)).looks) {
		changed ||= state.disk.get(look.path)?.content !== look.disk?.content;
		state.see(look);
	}
	return changed;
}

/** Whether anything came or went since an earlier look. */
export async function lookAtAll(state: FlushState): Promise<boolean> {
	const { complete, looks } = await state.files.scan();
	const before = state.disk;
	state.disk = new Map();
	for (const look of looks) state.see(look);
	if (!complete) {
		const unseen = [...state.base.values()].filter((base) => !state.disk.has(base.path));
		const found = await state.files.scan(unseen.map((base) => base.path));
		for (const look of found.looks) state.see(look);
	}
	return before.size > 0 && before.size !== state.disk.size;
}
