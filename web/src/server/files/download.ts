// What can be taken home: one file, a directory, or everything, of a workspace or of an attempt.

import { error } from '@sveltejs/kit';
import { blobBytes, blobOfWorkspace, blobSizes } from '@containrlab/db/queries/blobs.ts';
import type { AttemptRow } from '@containrlab/db/queries/attempts.ts';
import type { WorkspaceContext } from '@containrlab/db/queries/workspaces.ts';
import { pathProblem } from '@containrlab/protocol/path.ts';
import { joinText, liveFiles, type WorkspaceFile } from '@containrlab/protocol/workspace-doc.ts';
import { app, type App } from '../app.ts';
import { attachment } from './attachment.ts';
import { zipStream, type ZipFile, type Zipped } from './zip.ts';

/** `path` is a file or a directory; everything when it is empty. Undefined: there is no such thing. */
export async function downloadWorkspace(
	workspace: WorkspaceContext,
	path: string,
): Promise<Response | undefined> {
	const { db, documents } = app();
	const loaded = await documents.load(workspace.id);
	if (!loaded.ok) {
		error(429, 'These files were read very often just now.', {
			advice: `Try again in ${loaded.seconds} s.`,
		});
	}
	const files = liveFiles(loaded.doc).filter((file) => pathProblem(file.path) === undefined);
	const one = files.find((file) => file.path === path && file.kind !== 'dir');
	if (one) return single(one.path, await contentOf(workspace.id, one));
	const chosen = files.filter((file) => isAt(file.path, path));
	if (path !== '' && chosen.length === 0) return undefined;
	// What a document says about a size is only what someone wrote into it.
	const sizes = await blobSizes(db, workspace.id);
	const left: Zipped['left'] = [];
	const zipped = chosen.flatMap((file): ZipFile[] => {
		const { path, mode, kind, sha = '' } = file;
		if (kind === 'text') return [{ kind: 'inline', path, mode, bytes: () => textBytes(file) }];
		if (kind === 'dir') return [{ kind, path, mode }];
		if (kind === 'link') return [{ kind, path, target: file.target ?? '' }];
		const size = sizes.get(sha);
		if (size !== undefined) return [{ kind, path, mode, size, sha }];
		left.push({ path, reason: 'Its content is only in the sandbox.' });
		return [];
	});
	return zip({
		root: rootName(workspace, path),
		files: zipped,
		left,
		at: new Date(),
		bytesOf: (sha) => blobOfWorkspace(db, workspace.id, sha),
	});
}

export async function downloadAttempt(
	workspace: WorkspaceContext,
	attempt: AttemptRow,
	path: string,
): Promise<Response | undefined> {
	const { db } = app();
	const one = attempt.files
		.filter((file) => file.kind !== 'dir')
		.find((file) => file.path === path);
	if (one) {
		if (one.kind === 'link') return single(one.path, Buffer.from(one.target));
		return single(one.path, await blobBytes(db, one.sha));
	}
	const chosen = attempt.files.filter((file) => isAt(file.path, path));
	if (path !== '' && chosen.length === 0) return undefined;
	return zip({
		root: `${rootName(workspace, path)}-attempt-${attempt.number}`,
		files: chosen,
		left: attempt.left,
		at: attempt.createdAt,
		bytesOf: (sha) => blobBytes(db, sha),
	});
}

/** Kept by web, or so new that only the sandbox holds them yet; never another workspace's. */
export async function workspaceBytes(
	{ db, sandboxes }: Pick<App, 'db' | 'sandboxes'>,
	workspaceId: string,
	sha: string,
): Promise<Uint8Array | undefined> {
	return (await blobOfWorkspace(db, workspaceId, sha)) ?? sandboxes.bytes(workspaceId, sha);
}

const zip = (zipped: Zipped): Response =>
	attachment(`${zipped.root}.zip`, zipStream(zipped), 'application/zip');

const single = (path: string, bytes: Uint8Array | undefined): Response | undefined =>
	bytes && attachment(path.slice(path.lastIndexOf('/') + 1), bytes);

const isAt = (path: string, directory: string): boolean =>
	directory === '' || path === directory || path.startsWith(`${directory}/`);

const textBytes = (file: WorkspaceFile): Uint8Array =>
	new TextEncoder().encode(joinText(file.text?.toString() ?? '', file.eol, file.bom));

async function contentOf(
	workspaceId: string,
	file: WorkspaceFile,
): Promise<Uint8Array | undefined> {
	if (file.kind === 'text') return textBytes(file);
	if (file.kind === 'link') return new TextEncoder().encode(file.target ?? '');
	return workspaceBytes(app(), workspaceId, file.sha ?? '');
}

/** Of the lab, whose it is, and the directory: a name that any system can have. */
function rootName(workspace: WorkspaceContext, path: string): string {
	const simple = (name: string) =>
		name
			.normalize('NFKD')
			.replace(/[^A-Za-z0-9]+/g, '-')
			.replace(/^-+|-+$/g, '')
			.slice(0, 40)
			.toLowerCase();
	return [workspace.labSlug, simple(workspace.owner.name), simple(path)].filter(Boolean).join('-');
}
