// What the mirror makes of its upstreams, good and bad: one request for everyone, and nothing poisoned.

import { readFile } from 'node:fs/promises';
import Docker from 'dockerode';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { TestInstance, testImages, until } from '@containrlab/runnerd/sandboxes/testing.ts';
import { cutMirror } from '@containrlab/runnerd/preflight/cut-mirror.ts';
import { INSTANCE_LABEL } from '@containrlab/runnerd/engine/helper.ts';
import { execute } from '../images/container.ts';
import { startMirror } from './mirror.ts';
import { MIRROR_USER } from './registry.ts';

const docker = new Docker();
const HERE = 'http://127.0.0.1:8000';
let instance: TestInstance;
let mirror: Docker.Container;

beforeAll(async () => {
	instance = await TestInstance.create();
	const image = process.env['MIRROR_IMAGE'];
	if (!image) throw new Error('MIRROR_IMAGE must name the mirror’s image; `npm test` sets it');
	const upstreams = {
		...{ apt: `${HERE}/debian`, aptSecurity: `${HERE}/security`, npm: `${HERE}/npm` },
		authorities: '',
	};
	mirror = docker.getContainer(
		await startMirror(docker, { image, instance: instance.name, upstreams }),
	);
	await startUpstream();
}, 60_000);
afterAll(() => instance[Symbol.asyncDispose]());
beforeEach(() => inMirror(`curl -sf ${HERE}/mood/good`));

/** Beside the mirror, behind its own loopback: nothing of it is on any network. */
async function startUpstream(): Promise<void> {
	const script = await readFile(new URL('fake-upstream.py', import.meta.url), 'utf8');
	const container = await docker.createContainer({
		name: `${instance.name}-upstream`,
		Image: testImages().image,
		User: '65534:65534',
		Entrypoint: ['python3', '-c', script],
		Labels: { [INSTANCE_LABEL]: instance.name },
		HostConfig: { NetworkMode: `container:${mirror.id}`, CapDrop: ['ALL'] },
	});
	await container.start();
	await until('the upstream', async () =>
		inMirror(`curl -sf ${HERE}/asked`).then(
			() => true,
			() => false,
		),
	);
}

const inMirror = (line: string) => execute(mirror, MIRROR_USER, ['bash', '-c', line]);

/** As a sandbox asks: status, and length or words. */
const get = (url: string, more = '') =>
	inMirror(
		`curl -s --max-time 30 ${more} --unix-socket /sockets/http.sock -o /tmp/got -w '%{http_code} %{size_download}' ${url}`,
	);

/** Says something once the last entry that holds for a second is over. */
const STALE =
	'find /cache -type f -not -newermt "-1500 milliseconds" | xargs -r grep -l dists/trixie/brief';

/** How often the upstream was asked for a path. */
async function asked(path: string): Promise<number> {
	const counts = z
		.record(z.string(), z.number())
		.parse(JSON.parse(await inMirror(`curl -sf ${HERE}/asked`)));
	return counts[path] ?? 0;
}

test.each([
	[
		'http://deb.debian.org/debian/pool/main/h/hello/hello_1%2b2.deb',
		'/debian/pool/main/h/hello/hello_1%2b2.deb',
	],
	[
		'http://security.debian.org/debian-security/dists/trixie-security/InRelease',
		'/security/dists/trixie-security/InRelease',
	],
	['http://npm.mirror.sbx.internal/thing/-/thing-1.0.0.tgz', '/npm/thing/-/thing-1.0.0.tgz'],
	['http://npm.mirror.sbx.internal/@scope%2fthing', '/npm/@scope%2fthing'],
])('forty at once cost one request: %s', async (url, path) => {
	const one = `curl -s --unix-socket /sockets/http.sock -o /dev/null -w '%{http_code} %{size_download}\\n' '${url}?{}'`;
	const said = await inMirror(`seq 40 | xargs -P 40 -I '{}' sh -c "${one}" | sort | uniq -c`);
	expect(said.trim()).toBe('40 200 300000');
	expect(await asked(path)).toBe(1);
});

test('an npm package’s archives are named as on the public registry', async () => {
	await get('http://npm.mirror.sbx.internal/thing');
	expect(await inMirror('cat /tmp/got')).toContain(
		'https://registry.npmjs.org/thing/-/thing-1.0.0.tgz',
	);
});

test('what was fetched once is there when the upstream is not', async () => {
	const kept = 'http://deb.debian.org/debian/pool/kept.deb';
	expect(await get(kept)).toBe('200 300000');
	await inMirror(`curl -sf ${HERE}/mood/broken`);
	expect(await get(kept)).toBe('200 300000');
	expect(await get('http://deb.debian.org/debian/pool/new.deb')).toMatch(/^503 /);
	expect(await inMirror('cat /tmp/got')).toContain(
		'Debian can’t be reached just now'.replace('’', "'"),
	);
	await inMirror(`curl -sf ${HERE}/mood/good`);
	expect(await get('http://deb.debian.org/debian/pool/new.deb')).toBe('200 300000');
});

test('what may have changed is given at once all the same, while nobody answers', async () => {
	const url = 'http://deb.debian.org/debian/dists/trixie/brief';
	await get(url);
	// Longer than it is said to hold.
	await until('its end', async () => (await inMirror(STALE)) !== '', 30_000);
	await inMirror(`curl -sf ${HERE}/mood/silent`);
	expect(await get(url, '--max-time 10')).toBe('200 300000');
	await inMirror(`curl -sf ${HERE}/mood/good`);
});

test('an entry of the cache that is not as it was is fetched anew', async () => {
	const url = 'http://deb.debian.org/debian/pool/spoilt.deb';
	await get(url);
	await inMirror(
		'grep -l apt/debian/pool/spoilt.deb -r /cache | while read -r one; do head -c 64 /dev/urandom | dd of="$one" conv=notrunc status=none; done',
	);
	expect(await get(url)).toBe('200 300000');
	expect(await get(url)).toBe('200 300000');
	expect(await asked('/debian/pool/spoilt.deb')).toBe(2);
});

test('an answer that was cut off is not kept', async () => {
	const url = 'http://npm.mirror.sbx.internal/cut/-/cut-1.0.0.tgz';
	await inMirror(`curl -sf ${HERE}/mood/cut`);
	await get(url).catch(() => {});
	await inMirror(`curl -sf ${HERE}/mood/good`);
	expect(await get(url)).toBe('200 300000');
	expect(await get(url)).toBe('200 300000');
	expect(await asked('/npm/cut/-/cut-1.0.0.tgz')).toBe(2);
});

test('the upstream sets no cookies and redirects nobody inside the mirror', async () => {
	const headers = await inMirror(
		'curl -s --unix-socket /sockets/http.sock -o /dev/null -D - http://deb.debian.org/debian/pool/cookie.deb',
	);
	expect(headers).toMatch(/^HTTP\/1\.1 200 /);
	expect(headers).not.toMatch(/cookie|accel/i);
});

test('cut off, it gives what was fetched and nothing else, at once', async () => {
	const kept = 'http://deb.debian.org/debian/pool/before.deb';
	await get(kept);
	const { engine, name } = instance;
	await using cut = await cutMirror(engine, `${name}-mirror`, AbortSignal.timeout(60_000));
	const other = docker.getContainer(cut!.volume);
	const ask = (url: string) =>
		execute(other, MIRROR_USER, [
			...['curl', '-s', '--max-time', '10', '--unix-socket', '/sockets/http.sock'],
			...['-o', '/tmp/got', '-w', '%{http_code} %{size_download}', url],
		]);
	expect(await ask(kept)).toBe('200 300000');
	expect(await ask('http://deb.debian.org/debian/pool/later.deb')).toMatch(/^503 /);
	expect(await asked('/debian/pool/later.deb')).toBe(0);
	// The one of the class went on meanwhile.
	expect(await get('http://deb.debian.org/debian/pool/later.deb')).toBe('200 300000');
}, 60_000);
