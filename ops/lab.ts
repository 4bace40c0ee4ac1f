// `npm run lab -- new | test | preview | schema`: what an author of labs needs, without a classroom.

import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readCatalog } from '@containrlab/labs/catalog.ts';
import { labSchema, SCHEMA_FILE } from '@containrlab/labs/schema.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import { type JudgeRoom, LABS, openJudgeRoom } from './e2e/judge-room.ts';
import { type AuthorCase, authorCases, unnamedImages, verdictMistakes } from './lab/author.ts';
import { preview } from './lab/preview.ts';
import { template } from './lab/template.ts';

const HELP = `npm run lab -- new SLUG          a folder labs/NN-SLUG that is a small lab already
npm run lab -- test [SLUG …]     the author's test: the starter fails, the solution passes, and each
                                 wrong solution fails first with the code that it names
npm run lab -- preview SLUG      the lab as a page, anew at every change
npm run lab -- schema            writes labs/lab.schema.json, which editors complete by`;

const [command, ...names] = process.argv.slice(2);
switch (command) {
	case 'new':
		process.exit(await create(names[0] ?? ''));
		break;
	case 'test':
		process.exit(await testLabs(names));
		break;
	case 'preview':
		await preview(LABS, names[0] ?? '');
		break;
	case 'schema':
		await writeFile(SCHEMA_FILE, labSchema());
		console.log(SCHEMA_FILE);
		break;
	default:
		console.log(HELP);
		process.exit(command === undefined || command === '--help' ? 0 : 2);
}

async function create(name: string): Promise<number> {
	const words = name.replace(/^\d\d-/, '');
	if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(words)) {
		console.error('Name it in small letters, digits and hyphens: npm run lab -- new my-first-lab');
		return 2;
	}
	const taken = (await readdir(LABS)).flatMap((entry) => /^(\d\d)-/.exec(entry)?.[1] ?? []);
	const next = String(Math.max(0, ...taken.map(Number)) + 1).padStart(2, '0');
	const slug = name === words ? `${next}-${words}` : name;
	if (existsSync(join(LABS, slug))) {
		console.error(`labs/${slug} is there already.`);
		return 1;
	}
	const title = words.charAt(0).toUpperCase() + words.slice(1).replaceAll('-', ' ');
	for (const [path, text] of Object.entries(template(title))) {
		await mkdir(dirname(join(LABS, slug, path)), { recursive: true });
		await writeFile(join(LABS, slug, path), text);
	}
	console.log(
		`labs/${slug} is a small lab already. Change it, and see: npm run lab -- test ${slug}`,
	);
	return 0;
}

/** Goes on after a mistake: an author wants to know of all of them. */
async function testLabs(slugs: readonly string[]): Promise<number> {
	const { labs, problems } = await readCatalog(LABS);
	const wanted = (slug: string) => slugs.length === 0 || slugs.includes(slug);
	const mine = problems.filter(({ slug }) => wanted(slug));
	for (const { file, line, message } of mine) {
		console.error(`✗ labs/${file}${line === undefined ? '' : `:${line}`}: ${message}`);
	}
	const unknown = slugs.filter(
		(slug) => ![...labs, ...problems].some((known) => known.slug === slug),
	);
	for (const slug of unknown) console.error(`✗ labs/${slug} isn't there.`);
	const tested = labs.filter(({ slug }) => wanted(slug));
	let failed = mine.length + unknown.length;
	if (tested.length > 0) {
		await using room = await openJudgeRoom({ mirror: true });
		for (const lab of tested) failed += await testLab(lab, room);
	}
	console.log(failed === 0 ? 'All as it should be.' : `${failed} to put right.`);
	return failed === 0 ? 0 : 1;
}

async function testLab(lab: Lab, room: JudgeRoom): Promise<number> {
	console.log(`${lab.slug}: ${lab.front.title}`);
	const cases = await authorCases(LABS, lab);
	const solution = cases.find(({ name }) => name === 'solution')?.files ?? [];
	const unnamed = unnamedImages(lab, solution);
	for (const image of unnamed) console.error(`  ✗ lab.md: images doesn't name ${image}.`);
	let failed = unnamed.length;
	for (const each of cases) failed += await testCase(lab, each, room);
	return failed;
}

async function testCase(lab: Lab, each: AuthorCase, room: JudgeRoom): Promise<number> {
	const errors: unknown[] = [];
	const verdict = await room.judge(lab, each.files, { onError: (error) => errors.push(error) });
	const mistakes = verdictMistakes(each, verdict);
	const seconds = `${(verdict.metrics.durationMs / 1000).toFixed(1)} s`;
	const came = verdict.status === 'failed' ? verdict.failures[0]?.code : verdict.status;
	console.log(
		`  ${mistakes.length === 0 ? '✓' : '✗'} ${each.name.padEnd(34)} ${String(came).padEnd(28)} ${seconds.padStart(7)}`,
	);
	for (const mistake of mistakes) console.error(`      ${mistake}`);
	for (const error of errors) console.error(error);
	return mistakes.length === 0 ? 0 : 1;
}
