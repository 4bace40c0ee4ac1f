// A preflight says of each lab whether it can be taught without the internet, and what a class of it takes.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readCatalog } from '@containrlab/labs/catalog.ts';
import { isReady, type Preflight, type PreflightReport } from '@containrlab/protocol/preflight.ts';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { silentLog } from '@containrlab/runnerd/log.ts';
import { Preflights } from '@containrlab/runnerd/preflight/preflights.ts';
import { TestInstance, until } from '@containrlab/runnerd/sandboxes/testing.ts';
import { startMirror } from './mirror.ts';

// Each lab is built twice, perhaps on a busy machine.
vi.setConfig({ testTimeout: 500_000, hookTimeout: 120_000 });

const PYTHON = 'python:3.13-slim';
const NOBODY = 'http://127.0.0.1:9';
let instance: TestInstance;
let labsDir: string;
let preflights: Preflights;

const LAB = (images: string) => `---
title: Test
summary: Test
minutes: 5
goals: [Test]
images: [${images}]
checks:
  - check: image-builds
---

# Test
`;

async function writeLab(slug: string, images: string, dockerfile: string): Promise<void> {
	const files = { 'lab.md': LAB(images), 'starter/README': 'x', 'solution/Dockerfile': dockerfile };
	for (const [path, text] of Object.entries(files)) {
		await mkdir(dirname(join(labsDir, slug, path)), { recursive: true });
		await writeFile(join(labsDir, slug, path), text);
	}
}

beforeAll(async () => {
	instance = await TestInstance.create();
	labsDir = await mkdtemp(join(tmpdir(), 'preflight-labs-'));
	await writeLab('01-offline', PYTHON, `FROM ${PYTHON}\nRUN pip install flask\n`);
	await writeLab('02-online', `${PYTHON}, nowhere:1`, 'FROM nowhere:1\n');
	const image = process.env['MIRROR_IMAGE'];
	if (!image) throw new Error('MIRROR_IMAGE must name the mirror’s image; `npm test` sets it');
	const upstreams = { apt: NOBODY, aptSecurity: NOBODY, npm: NOBODY, authorities: '' };
	instance.mirror = await startMirror(new Docker(), { image, instance: instance.name, upstreams });
	const sandboxes = await instance.launch();
	const { labs } = await readCatalog(labsDir);
	preflights = new Preflights({
		...{ directory: join(instance.directory, 'preflights'), labsDir, log: silentLog },
		...{ engine: instance.engine, mirror: instance.mirror, sandboxes },
		findLab: (slug) => Promise.resolve(labs.find((lab) => lab.slug === slug)),
	});
	await preflights.open();
});
afterAll(async () => {
	await preflights.close();
	await instance[Symbol.asyncDispose]();
	await rm(labsDir, { recursive: true });
});

const request = (...slugs: string[]) => ({
	labs: slugs.map((slug) => ({ slug, digest: 'any' })),
	limits: DEFAULT_LIMITS,
	students: 40,
});

async function report(classId: string): Promise<PreflightReport> {
	const over = (last: Preflight | undefined) => (last?.status === 'running' ? undefined : last);
	const last = await until('the report', () => over(preflights.get(classId)), 480_000);
	if (last.status !== 'done') throw new Error(JSON.stringify(last));
	return last.report;
}

test('what is there passes without a network, what isn’t is named, and a class is reckoned by it', async () => {
	const begun = preflights.begin('one', request('01-offline', '02-online', '03-elsewhere'));
	expect(begun).toMatchObject({ status: 'running', done: 0 });
	// One at a time; asked for again, it is the same one.
	expect(preflights.begin('other', request())).toBeUndefined();
	expect(preflights.begin('one', request())).toBe(begun);
	const { labs, unknown, startSeconds, fit, diskFree, cores } = await report('one');
	const [offline, online] = labs;
	expect(offline).toMatchObject({ missing: [], cut: { outcome: 'passed', trouble: null } });
	expect(isReady(offline!)).toBe(true);
	expect(offline!.cut!.buildSeconds).toBeGreaterThan(0);
	expect(online).toMatchObject({ missing: ['nowhere:1'], cut: { outcome: 'error' } });
	expect(online!.cut!.trouble!.message).not.toBe('');
	expect(isReady(online!)).toBe(false);
	expect(unknown).toEqual(['03-elsewhere']);
	expect(startSeconds).toBeGreaterThan(0);
	// More than an idle daemon has, and less than a sandbox may.
	expect(offline!.memory).toBeGreaterThan(20e6);
	expect(offline!.memory).toBeLessThan(DEFAULT_LIMITS.memory);
	expect(offline!.disk).toBeGreaterThan(1e6);
	expect(diskFree).toBeGreaterThan(offline!.disk!);
	expect(fit.disk).toBeGreaterThanOrEqual(0);
	expect(fit).toMatchObject({ students: 40 });
	expect(cores).toBeGreaterThan(0);
	expect((await instance.leftovers()).filter((name) => name.includes('-cut'))).toEqual([]);
});

test('the last report is there after a restart', async () => {
	const labs = { directory: join(instance.directory, 'preflights'), labsDir, log: silentLog };
	const later = new Preflights({
		...{ ...labs, engine: instance.engine, mirror: undefined },
		sandboxes: await instance.launch(),
		findLab: () => Promise.resolve(undefined),
	});
	await later.open();
	expect(later.get('one')).toEqual(preflights.get('one'));
	expect(later.get('two')).toBeUndefined();
	await later.close();
});
