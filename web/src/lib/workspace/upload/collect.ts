// What was dropped or chosen, as a flat list: folders are read to their depth, within bounds.

import { FILE_LIMITS, isNeverSynced } from '@containrlab/protocol/path.ts';

/** `path` as its author's machine had it, below what was dropped. */
export type Incoming = { path: string; file: File };

export type Collected = {
	files: Incoming[];
	/** Folders with nothing in them. */
	folders: string[];
	/** What is left out, and why. */
	left: { path: string; reason: string }[];
};

/** More than fits into a workspace is not even listed. */
const MOST = FILE_LIMITS.files + 1;

/** Call in the drop event itself: afterwards the browser has emptied the list. */
export function fromDrop(transfer: DataTransfer): Promise<Collected> {
	const entries = [...transfer.items]
		.filter((item) => item.kind === 'file')
		.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
	return collect(entries.filter((entry) => entry !== null));
}

/** Of an `<input type="file">`; a chosen folder's files carry their paths. */
export function fromInput(list: FileList): Collected {
	const collected: Collected = { files: [], folders: [], left: [] };
	for (const file of list) {
		const path = file.webkitRelativePath || file.name;
		const tools = ownDirectory(path);
		if (tools === undefined) collected.files.push({ path, file });
		else leaveOut(collected, tools);
		if (collected.files.length >= MOST) break;
	}
	return collected;
}

async function collect(entries: readonly (FileSystemEntry | File)[]): Promise<Collected> {
	const collected: Collected = { files: [], folders: [], left: [] };
	for (const entry of entries) {
		if (entry instanceof File) collected.files.push({ path: entry.name, file: entry });
		else await walk(entry, entry.name, collected);
	}
	return collected;
}

async function walk(entry: FileSystemEntry, path: string, into: Collected): Promise<void> {
	if (into.files.length + into.folders.length >= MOST) return;
	const tools = ownDirectory(path);
	if (tools !== undefined) return leaveOut(into, tools);
	try {
		if (isFile(entry)) {
			into.files.push({ path, file: await fileOf(entry) });
			return;
		}
		const children = await childrenOf(entry as FileSystemDirectoryEntry);
		if (children.length === 0) into.folders.push(path);
		for (const child of children) await walk(child, `${path}/${child.name}`, into);
	} catch {
		into.left.push({ path, reason: 'Your browser could not read it.' });
	}
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
	new Promise((resolve, reject) => entry.file(resolve, reject));

async function childrenOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
	const reader = directory.createReader();
	const all: FileSystemEntry[] = [];
	for (;;) {
		// A hundred at a time, until there are none.
		const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
			reader.readEntries(resolve, reject),
		);
		if (some.length === 0 || all.length >= MOST) return all;
		all.push(...some);
	}
}

/** The tools' own directory that a path lies in: one line about it is enough. */
function ownDirectory(path: string): string | undefined {
	const parts = path.split('/');
	const index = parts.findIndex((part) => isNeverSynced(part));
	return index === -1 ? undefined : parts.slice(0, index + 1).join('/');
}

function leaveOut(collected: Collected, path: string): void {
	if (collected.left.some((one) => one.path === path)) return;
	collected.left.push({ path, reason: 'It stays on your machine: tools make it anew.' });
}
