// From the document onto the disk: compare and swap, so that nothing unseen is ever overwritten.

import * as Y from 'yjs';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import type { MadeOf } from './agent-files.ts';
import { sha256 } from './content.ts';
import type { Apply, Base } from './reconcile.ts';
import { seenVersion, type FlushState } from './state.ts';

/** What the document may hold as one text and still reach the disk, in bytes. */
const TEXT_MOST = 8 * FILE_LIMITS.text;

/** `absent`: bytes that aren't here yet. A swap that found something else is simply seen to anew. */
export async function apply(state: FlushState, action: Apply): Promise<'done' | 'absent'> {
	const { id } = action;
	const base = state.base.get(id);
	switch (action.do) {
		case 'adopt':
			adopt(state, id, action.path);
			return 'done';
		case 'forget':
			state.base.delete(id);
			await state.files.retire(id);
			return 'done';
		case 'remove': {
			if (base?.kind === 'binary') await keepBytes(state, action.path, action.expect);
			const keep = keptAbove(state, action.path);
			const [done, look] = await state.files.remove(id, action.path, action.expect, keep);
			state.see(look);
			if (done) state.base.delete(id);
			return 'done';
		}
		case 'move': {
			if (!base) return 'done';
			const record = { ...base, path: action.to };
			const keep = keptAbove(state, action.path);
			const agreed = !state.unsettled.has(id);
			const [done, look] = await state.files.move(action.path, action.expect, record, keep, agreed);
			state.see(look);
			if (done) {
				state.disk.delete(action.path);
				state.base.set(id, record);
			}
			return 'done';
		}
		case 'chmod': {
			if (!base) return 'done';
			const record = { ...base, mode: action.mode };
			const [, look] = await state.files.chmod(record, !state.unsettled.has(id));
			state.see(look);
			state.base.set(id, { ...record, mode: look.disk?.mode ?? record.mode });
			return 'done';
		}
		case 'write':
			return write(state, id, base?.path ?? action.path, action.expect);
	}
}

/** Both sides came to the same by themselves. */
function adopt(state: FlushState, id: string, path: string): void {
	const disk = state.disk.get(path);
	const entry = state.view.entries().find((other) => other.id === id);
	if (!disk || disk.content === undefined || !entry) return;
	const { ino, content } = disk;
	const v = state.base.get(id)?.v ?? 0;
	const mode = state.base.get(id)?.mode ?? disk.mode;
	state.base.set(id, {
		id,
		path,
		kind: entry.kind,
		doc: entry.content,
		disk: content,
		mode,
		ino,
		v,
	});
	state.taken(id);
}

async function write(
	state: FlushState,
	id: string,
	path: string,
	expect: string | null,
): Promise<'done' | 'absent'> {
	const file = state.view.file(id);
	if (!file || file.deletedAt !== undefined) return 'done';
	const { kind, mode } = file;
	const record = { id, path, kind, doc: '', disk: '', mode: state.base.get(id)?.mode ?? mode };
	if (kind === 'dir' || kind === 'link') {
		const content = kind === 'dir' ? 'dir' : `link:${file.target ?? ''}`;
		const whole: Base = { ...record, doc: content, disk: content, ino: 0, v: 0 };
		const [done, look] =
			kind === 'dir'
				? await state.files.mkdir(whole)
				: await state.files.symlink(whole, file.target ?? '', expect);
		state.see(look);
		if (done)
			state.base.set(id, { ...whole, ino: look.disk?.ino ?? 0, mode: look.disk?.mode ?? mode });
		return 'done';
	}
	const bytes = kind === 'text' ? state.view.bytes(id)! : await binary(state, file.sha ?? '');
	if (!bytes) return 'absent';
	if (bytes.length > TEXT_MOST) {
		state.hooks.warn('too-large', `${path} is too large for the sandbox.`, path);
		return 'absent';
	}
	const content = sha256(bytes);
	const full = { ...record, doc: content, disk: content };
	const { written, look, v } = await state.files.write(full, expect, bytes, madeOf(state, id));
	// By now somebody may have written again; what we wrote is what is agreed on.
	state.see(look);
	if (!written) return 'done';
	const ino = look.disk?.ino ?? 0;
	state.base.set(id, {
		...full,
		mode: expect === null ? (look.disk?.mode ?? mode) : full.mode,
		ino,
		v,
	});
	return 'done';
}

function madeOf(state: FlushState, id: string): MadeOf {
	if (!state.unsettled.has(id)) return 'agreed';
	const { doc } = state.view;
	const vector = Buffer.from(Y.encodeStateVector(doc)).toString('base64');
	return { v: seenVersion(state, id), by: doc.clientID, state: vector };
}

/** Bytes by their hash: handed in, or in another file here. */
async function binary(state: FlushState, sha: string): Promise<Buffer | undefined> {
	const held = state.hooks.held(sha);
	if (held) return held;
	const bytes = await readSha(state, sha);
	if (!bytes) state.hooks.missing(sha);
	return bytes;
}

export async function readSha(state: FlushState, sha: string): Promise<Buffer | undefined> {
	for (const [path, disk] of state.disk) {
		if (disk.kind !== 'file' || disk.content !== sha) continue;
		const read = await state.files.read(path);
		if (read.sha === sha) return read.bytes;
	}
	return undefined;
}

/** Nobody may have fetched them yet. */
async function keepBytes(state: FlushState, path: string, sha: string): Promise<void> {
	const held = state.hooks.held(sha);
	if (held) return state.hooks.keep(sha, held);
	const read = await state.files.read(path);
	if (read.sha === sha) state.hooks.keep(sha, read.bytes);
}

/** The deepest directory above `path` that must stay although it may be empty now. */
function keptAbove(state: FlushState, path: string): string {
	const parts = path.split('/').slice(0, -1);
	while (parts.length > 0) {
		const above = parts.join('/');
		for (const base of state.base.values()) {
			if (base.kind === 'dir' && base.path === above) return above;
		}
		parts.pop();
	}
	return '';
}
