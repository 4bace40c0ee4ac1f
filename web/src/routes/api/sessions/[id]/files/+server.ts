// A session's files: read from the document and written into it, as if someone typed.

import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { names, type Result } from '#server/api/file-edits.ts';
import { session } from '#server/api/find.ts';
import { createFile, deleteFile, readFiles, writeFile } from '#server/api/operations.ts';
import { ApiRefusal } from '#server/api/refusals.ts';
import { app } from '#server/app.ts';

export const GET = endpoint(readFiles, async ({ viewer, params, query, headers }, answer) => {
	const { id } = await session(viewer, params, 'see');
	const { files } = app();
	if (query.path === undefined) return answer(200, { files: done(await files.list(id)).files });
	const { file, text } = done(await files.read(id, query.path));
	const known = headers.get('if-none-match');
	if (known !== null && names(known, file.etag)) {
		return answer(304, null, tagged(file));
	}
	return answer(200, { file, text }, tagged(file));
});

export const POST = endpoint(createFile, async ({ viewer, params, body }, answer) => {
	const { id } = await session(viewer, params, 'edit');
	const at = { workspaceId: id, userId: viewer.id };
	const { files } = app();
	const { file, created } = done(
		'from' in body ? await files.move(at, body.from, body.path) : await files.make(at, body),
	);
	return answer(created ? 201 : 200, { file }, tagged(file));
});

export const PUT = endpoint(writeFile, async ({ viewer, params, query, headers, body }, answer) => {
	const { id } = await session(viewer, params, 'edit');
	const at = { workspaceId: id, userId: viewer.id };
	const { file, created } = done(
		await app().files.write(at, query.path, body.text, conditions(headers)),
	);
	return answer(created ? 201 : 200, { file }, tagged(file));
});

export const DELETE = endpoint(deleteFile, async ({ viewer, params, query, headers }, answer) => {
	const { id } = await session(viewer, params, 'edit');
	const at = { workspaceId: id, userId: viewer.id };
	done(await app().files.remove(at, query.path, conditions(headers)));
	return answer(204, null);
});
export const fallback = otherwise(readFiles, createFile, writeFile, deleteFile);

function done<T>(result: Result<T>): { ok: true } & T {
	if (result.ok) return result;
	throw new ApiRefusal(result.code, result.detail);
}

const conditions = (headers: Headers) => ({
	ifMatch: headers.get('if-match') ?? undefined,
	ifNoneMatch: headers.get('if-none-match') ?? undefined,
});

const tagged = ({ etag }: { etag: string | null }): Record<string, string> =>
	etag === null ? {} : { etag };
