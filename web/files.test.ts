// Files in and out over HTTP, through the real web, sync and Postgres; runnerd is stood in for.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBufferPromise, type Entry } from 'yauzl';
import * as Y from 'yjs';
import { attemptById } from '@containrlab/db/queries/attempts.ts';
import { blobsOfWorkspace, shaOf } from '@containrlab/db/queries/blobs.ts';
import type { TestDatabase } from '@containrlab/db/testing.ts';
import { workspaceRoom } from '@containrlab/protocol/id.ts';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { createFile, type FileContent } from '@containrlab/protocol/workspace-doc.ts';
import { SyncClient } from './src/server/sync-client.ts';
import {
	startServices,
	type StandInRunnerd,
	type TestServices,
	type TestSync,
} from './testing-services.ts';
import {
	BUILD_MS,
	Browser,
	LAB,
	SERVICE_TOKEN,
	until,
	type Classroom,
	type TestWeb,
} from './testing.ts';

let services: TestServices;
let database: TestDatabase;
let sync: TestSync;
let runnerd: StandInRunnerd;
let web: TestWeb;
let room: Classroom;

beforeAll(async () => {
	services = await startServices();
	({ database, sync, runnerd, web, room } = services);
}, BUILD_MS);
afterAll(() => services?.[Symbol.asyncDispose]());

type Work = { browser: Browser; workspace: string };

async function workOf(person: 'student' | 'other'): Promise<Work> {
	const browser = await new Browser(web.url).signIn(room.people[person].email);
	return { browser, workspace: await browser.openLab(room.class.id) };
}

const upload = (browser: Browser, workspace: string, body: BodyInit | null) =>
	browser.send(`/w/${workspace}/blobs`, {
		...{ method: 'POST', body },
		headers: { 'content-type': 'application/octet-stream', accept: 'application/json' },
	});

/** Writes into the document as a browser would. */
async function write(workspace: string, files: FileContent[]): Promise<void> {
	const doc = new Y.Doc();
	doc.transact(() => files.forEach((file) => createFile(doc, file)));
	const client = new SyncClient(sync.url, SERVICE_TOKEN);
	await client.applyUpdate(workspaceRoom(workspace), 'test', Y.encodeStateAsUpdate(doc));
}

type Unzipped = Map<string, { mode: number; text: string }>;

async function unzip(response: Response): Promise<Unzipped> {
	expect(response.status).toBe(200);
	expect(response.headers.get('content-type')).toBe('application/zip');
	const zip = await fromBufferPromise(Buffer.from(await response.arrayBuffer()));
	const files: Unzipped = new Map();
	for await (const entry of zip.eachEntry()) {
		files.set(entry.fileName, await read(entry));
	}
	return files;

	async function read(entry: Entry) {
		const chunks: Buffer[] = [];
		if (!entry.fileName.endsWith('/')) {
			for await (const chunk of await zip.openReadStreamPromise(entry))
				chunks.push(chunk as Buffer);
		}
		const mode = entry.externalFileAttributes >>> 16;
		return { mode, text: Buffer.concat(chunks).toString('latin1') };
	}
}

const PNG = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
	'base64',
);

describe('uploading', () => {
	it('keeps bytes under their hash, for this workspace alone, with and without a sandbox', async () => {
		const { browser, workspace } = await workOf('student');
		const response = await upload(browser, workspace, PNG);
		expect(response.status).toBe(201);
		const sha = shaOf(PNG);
		expect(await response.json()).toEqual({ sha, size: PNG.length });
		expect(await blobsOfWorkspace(database.connection.db, workspace)).toContain(sha);

		await browser.send(`/w/${workspace}/sandbox`, { method: 'POST' });
		runnerd.emit({ type: 'blobs-missing', workspace, shas: [sha] });
		const given = await until('the bytes in the sandbox', () => runnerd.blobs.get(sha));
		expect(Buffer.from(given)).toEqual(PNG);
	});

	it('is the owner’s and staff’s', async () => {
		const { workspace } = await workOf('student');
		const { people } = room;
		const statusFor = async (email: string) => {
			const browser = await new Browser(web.url).signIn(email);
			return (await upload(browser, workspace, 'x\0')).status;
		};
		expect(await statusFor(people.ta.email)).toBe(201);
		expect(await statusFor(people.other.email)).toBe(404);
		expect(await statusFor(people.outsider.email)).toBe(404);
		expect((await upload(new Browser(web.url), workspace, 'x')).status).toBe(401);
		const elsewhere = new Browser(web.url);
		elsewhere.cookie = (await new Browser(web.url).signIn(people.student.email)).cookie!;
		const forged = await elsewhere.send(`/w/${workspace}/blobs`, {
			...{ method: 'POST', body: 'x', headers: { origin: 'http://evil.example' } },
		});
		expect(forged.status).toBe(403);
	});

	it('ends at the limit of a file, of a request and of a workspace', async () => {
		const { browser, workspace } = await workOf('student');
		const most = Buffer.alloc(FILE_LIMITS.binary);
		expect((await upload(browser, workspace, most)).status).toBe(201);
		const more = await upload(browser, workspace, Buffer.alloc(FILE_LIMITS.binary + 1));
		expect(more.status).toBe(413);
		const endless = await browser.send(`/w/${workspace}/blobs`, {
			method: 'POST',
			body: new Blob([most]).stream(),
			duplex: 'half',
			headers: { 'content-type': 'application/octet-stream' },
		} as RequestInit);
		expect(endless.status).toBe(411);
		// Only this route takes so much.
		const form = await browser.send('/signin', {
			...{ method: 'POST', body: `email=${'x'.repeat(600_000)}` },
			headers: { 'content-type': 'application/x-www-form-urlencoded' },
		});
		expect(form.status).toBe(413);

		const { sql } = database.connection;
		await sql`update blobs set size = ${FILE_LIMITS.kept} where sha = ${shaOf(most)}`;
		const full = await upload(browser, workspace, 'one more\0');
		expect(full.status).toBe(413);
		expect(await full.json()).toMatchObject({ message: expect.stringContaining('268 MB') });
		await sql`update blobs set size = ${most.length} where sha = ${shaOf(most)}`;
	});
});

describe('the bytes of a file', () => {
	it('are shown as a picture only when they are one, and never as a page', async () => {
		const { browser, workspace } = await workOf('student');
		const page = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>\0');
		for (const bytes of [PNG, page]) await upload(browser, workspace, bytes);
		const get = (bytes: Buffer, view: string) =>
			browser.get(`/w/${workspace}/blobs/${shaOf(bytes)}?view=${view}`);

		const picture = await get(PNG, 'picture');
		expect(picture.headers.get('content-type')).toBe('image/png');
		expect(Buffer.from(await picture.arrayBuffer())).toEqual(PNG);
		expect((await get(page, 'picture')).status).toBe(415);
		const whole = await get(page, '');
		expect(whole.headers.get('content-type')).toBe('application/octet-stream');
		expect(whole.headers.get('content-disposition')).toMatch(/^attachment/);
		for (const { headers } of [picture, whole]) {
			expect(headers.get('x-content-type-options')).toBe('nosniff');
			expect(headers.get('content-security-policy')).toContain("default-src 'none'; sandbox");
		}
	});

	it('are those of this workspace, though someone knows the hash of others', async () => {
		const mine = await workOf('student');
		const theirs = await workOf('other');
		const secret = Buffer.from('of Ada alone\0');
		await upload(mine.browser, mine.workspace, secret);
		const path = `/w/${theirs.workspace}/blobs/${shaOf(secret)}`;
		expect((await theirs.browser.get(path)).status).toBe(404);
		const across = `/w/${mine.workspace}/blobs/${shaOf(secret)}`;
		expect((await theirs.browser.get(across)).status).toBe(404);
		await write(theirs.workspace, [
			{ kind: 'binary', path: 'loot', mode: 0o644, size: secret.length, sha: shaOf(secret) },
		]);
		const loot = await theirs.browser.get(`/w/${theirs.workspace}/download?path=loot`);
		expect(loot.status).toBe(404);
		for (const sha of ['%00', '..%2f..%2fetc', 'x'.repeat(64), '0'.repeat(64)]) {
			const odd = await mine.browser.get(`/w/${mine.workspace}/blobs/${sha}`);
			expect(odd.status, sha).toBe(404);
		}
	});
});

describe('downloading', () => {
	it('gives one file with its own line ends, as an attachment under its own name', async () => {
		const { browser, workspace } = await workOf('student');
		const name = 'run "me" ünï;.sh';
		await write(workspace, [
			{ kind: 'text', path: `bin/${name}`, mode: 0o755, text: '\ufeffone\r\ntwo\r\n' },
		]);
		const path = encodeURIComponent(`bin/${name}`);
		const response = await browser.get(`/w/${workspace}/download?path=${path}`);
		expect(response.headers.get('content-disposition')).toBe(
			`attachment; filename="run _me_ _n_;.sh"; filename*=UTF-8''${encodeURIComponent(name)}`,
		);
		expect(response.headers.get('x-content-type-options')).toBe('nosniff');
		expect(Buffer.from(await response.arrayBuffer()).toString()).toBe('\ufeffone\r\ntwo\r\n');
		expect((await browser.get(`/w/${workspace}/download?path=../x`)).status).toBe(404);
	});

	it('zips everything: modes, links as links, and nothing that leads out', async () => {
		const { browser, workspace } = await workOf('student');
		const { sha, size } = (await (await upload(browser, workspace, PNG)).json()) as {
			sha: string;
			size: number;
		};
		await write(workspace, [
			{ kind: 'text', path: 'zip/start.sh', mode: 0o755, text: '#!/bin/sh\n' },
			{ kind: 'binary', path: 'zip/logo.png', mode: 0o4640, size, sha },
			// What a document claims about a size is no reason to leave a file out, or to take it.
			{ kind: 'binary', path: 'zip/claimed', mode: 0o644, size: 1e15, sha },
			{ kind: 'binary', path: 'zip/unknown', mode: 0o644, size: 3, sha: '1'.repeat(64) },
			{ kind: 'link', path: 'zip/latest', target: '../../../etc/shadow' },
			{ kind: 'dir', path: 'zip/empty', mode: 0o755 },
			{ kind: 'text', path: '../../evil', mode: 0o644, text: 'x' },
			{ kind: 'text', path: '/etc/evil', mode: 0o644, text: 'x' },
			{ kind: 'text', path: 'a\\..\\evil', mode: 0o644, text: 'x' },
			{ kind: 'text', path: 'nul\0evil', mode: 0o644, text: 'x' },
			// A link, and something below it: they can't both have the name.
			{ kind: 'link', path: 'trap', target: '/root' },
			{ kind: 'text', path: 'trap/.profile', mode: 0o644, text: 'x' },
		]);
		const response = await browser.get(`/w/${workspace}/download`);
		expect(response.headers.get('content-disposition')).toContain(`"${LAB}-ada.zip"`);
		const files = await unzip(response);
		const root = `${LAB}-ada`;
		expect(files.get(`${root}/zip/start.sh`)).toEqual({ mode: 0o100755, text: '#!/bin/sh\n' });
		expect(files.get(`${root}/zip/logo.png`)).toEqual({
			...{ mode: 0o100640, text: PNG.toString('latin1') },
		});
		expect(files.get(`${root}/zip/claimed`)?.text).toHaveLength(PNG.length);
		expect(files.get(`${root}/zip/latest`)).toEqual({
			...{ mode: 0o120777, text: '../../../etc/shadow' },
		});
		expect(files.get(`${root}/zip/empty/`)?.mode).toBe(0o040755);
		expect(files.get(`${root}/trap/.profile`)?.text).toBe('x');
		expect(files.get(`${root}/trap`)).toBeUndefined();
		expect(files.has(`${root}/Dockerfile`)).toBe(true);
		expect([...files.keys()].filter((name) => name.includes('evil'))).toEqual([]);
		const told = files.get(`${root}-not-included.txt`);
		expect(told?.text).toContain('"zip/unknown"');

		const part = await unzip(await browser.get(`/w/${workspace}/download?path=zip`));
		expect([...part.keys()].filter((name) => !/-zip(\/zip\/|-not-)/.test(name))).toEqual([]);
	});

	it('does not take in one large file again and again', async () => {
		const { browser, workspace } = await workOf('other');
		const bytes = Buffer.from('said to be large\0');
		await upload(browser, workspace, bytes);
		const sha = shaOf(bytes);
		const { sql } = database.connection;
		await sql`update blobs set size = ${FILE_LIMITS.kept / 2} where sha = ${sha}`;
		const bomb = Array.from({ length: 9 }, (_, n) => ({
			...{ kind: 'binary' as const, path: `bomb/${n}`, mode: 0o644, size: 1, sha },
		}));
		await write(workspace, bomb);
		const files = await unzip(await browser.get(`/w/${workspace}/download?path=bomb`));
		const root = `${LAB}-bob-bomb`;
		expect([...files.keys()]).toEqual([
			...[`${root}/bomb/0`, `${root}/bomb/1`, `${root}-not-included.txt`],
		]);
	});

	it('is for those who may see the workspace', async () => {
		const { workspace } = await workOf('student');
		const statusFor = async (who: keyof Classroom['people']) => {
			const browser = await new Browser(web.url).signIn(room.people[who].email);
			return (await browser.get(`/w/${workspace}/download`)).status;
		};
		expect(await statusFor('instructor')).toBe(200);
		expect(await statusFor('other')).toBe(404);
		expect(await statusFor('outsider')).toBe(404);
		expect((await new Browser(web.url).get(`/w/${workspace}/download`)).status).toBe(303);
	});

	it('gives an attempt as it was submitted', async () => {
		const { browser, workspace } = await workOf('student');
		await write(workspace, [{ kind: 'text', path: 'first.txt', mode: 0o600, text: 'then' }]);
		const submitted = await browser.send(`/w/${workspace}/submit`, { method: 'POST' });
		const { attempt } = (await submitted.json()) as { attempt: string };
		await write(workspace, [{ kind: 'text', path: 'second.txt', mode: 0o644, text: 'later' }]);
		const files = await unzip(await browser.get(`/attempts/${attempt}/download`));
		const row = await attemptById(database.connection.db, attempt);
		const root = `${LAB}-ada-attempt-${row!.number}`;
		expect(files.get(`${root}/first.txt`)).toEqual({ mode: 0o100600, text: 'then' });
		expect(files.has(`${root}/second.txt`)).toBe(false);
		const one = await browser.get(`/attempts/${attempt}/download?path=first.txt`);
		expect(await one.text()).toBe('then');
		const other = await new Browser(web.url).signIn(room.people.other.email);
		expect((await other.get(`/attempts/${attempt}/download`)).status).toBe(404);
	});
});
