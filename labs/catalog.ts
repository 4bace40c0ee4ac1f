// The catalog: every folder `NN-slug/` of a directory as a validated lab, and what is wrong with
// those that aren't. A broken lab never stops the others.

import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab, LabFile, LabFrontMatter } from '@containrlab/protocol/lab.ts';
import { LAB_LIMITS, LabFileProblem, overlay, readLabFiles } from './files.ts';
import { readLabText } from './front-matter.ts';
import { mistakesOf } from './mistakes.ts';

export interface LabProblem {
	slug: string;
	/** Relative to the directory of labs. */
	file: string;
	/** From 1, where one line is to blame. */
	line?: number;
	/** What is wrong and what to do about it. */
	message: string;
}

export interface Catalog {
	/** In the order of the curriculum. */
	labs: Lab[];
	problems: LabProblem[];
}

/** What a lab's author keeps for testing it: complete sets of files, as a student would submit. */
export interface AuthoredCases {
	solution: LabFile[];
	/** By the folder's name; `code` is the failure that the front matter promises. */
	wrong: { name: string; code: string; files: LabFile[] }[];
}

const SLUG = /^[0-9]{2}-[a-z0-9-]+$/;

export async function readCatalog(dir: string): Promise<Catalog> {
	const entries = await readdir(dir, { withFileTypes: true });
	const slugs = entries.filter((entry) => entry.isDirectory() && SLUG.test(entry.name));
	const read = await Promise.all(slugs.map((entry) => readLab(dir, entry.name)));
	return {
		labs: read.flatMap(({ lab }) => lab ?? []).sort((a, b) => (a.slug < b.slug ? -1 : 1)),
		problems: read.flatMap(({ problems }) => problems),
	};
}

/** The solution and the wrong cases, each laid over the starter. For the author's test and staff. */
export async function readAuthoredCases(dir: string, lab: Lab): Promise<AuthoredCases> {
	const root = join(dir, lab.slug);
	const laidOver = async (folder: string) =>
		overlay(lab.starter, await readLabFiles(join(root, folder)));
	const wrong = Object.entries(lab.front.wrong).map(async ([name, code]) => ({
		name,
		code,
		files: await laidOver(`wrong/${name}`),
	}));
	return { solution: await laidOver('solution'), wrong: await Promise.all(wrong) };
}

/** SHA-256 over all that can change a verdict, in one canonical form. */
export function labDigest(front: LabFrontMatter, starter: readonly LabFile[]): string {
	const judged = { form: 1, checks: front.checks, images: front.images, starter };
	return createHash('sha256').update(canonical(judged)).digest('hex');
}

async function readLab(dir: string, slug: string): Promise<{ lab?: Lab; problems: LabProblem[] }> {
	const problems: LabProblem[] = [];
	const problem = (file: string, message: string, line?: number) =>
		problems.push({ slug, file: `${slug}/${file}`, message, ...(line && { line }) });

	const source = await readBounded(join(dir, slug, 'lab.md'), LAB_LIMITS.text);
	if (!source.ok) {
		problem('lab.md', source.message);
		return { problems };
	}
	const text = readLabText(source.text);
	if (!text.ok) {
		for (const { line, message } of text.mistakes) problem('lab.md', message, line);
		return { problems };
	}
	const folder = async (name: string): Promise<LabFile[] | undefined> => {
		try {
			return await readLabFiles(join(dir, slug, name));
		} catch (cause) {
			if (!(cause instanceof LabFileProblem)) throw cause;
			problem(`${name}/${cause.path}`, cause.message);
			return undefined;
		}
	};
	const { front } = text;
	const starter = await folder('starter');
	if (!starter) return { problems };
	for (const { line, message } of mistakesOf(text, starter)) problem('lab.md', message, line);
	if (problems.length > 0) return { problems };
	// What follows is the author's alone: it is reported, but the lab can be taught.
	if ((await folder('solution'))?.length === 0) problem('solution', 'Add the files of a solution.');
	await checkWrongCases(join(dir, slug, 'wrong'), front, folder, problem);
	const digest = labDigest(front, starter);
	return { lab: { slug, digest, front, text: text.text, starter }, problems };
}

async function checkWrongCases(
	root: string,
	front: LabFrontMatter,
	folder: (name: string) => Promise<LabFile[] | undefined>,
	problem: (file: string, message: string) => void,
): Promise<void> {
	const found = await readdir(root, { withFileTypes: true }).catch(() => []);
	const names = found.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
	for (const name of names) {
		if (!(name in front.wrong)) {
			problem('lab.md', `wrong: name the failure code that wrong/${name} must produce.`);
		}
	}
	for (const name of Object.keys(front.wrong)) {
		if ((await folder(`wrong/${name}`))?.length === 0) {
			problem(`wrong/${name}`, 'Add the files of this wrong solution.');
		}
	}
}

type Source = { ok: true; text: string } | { ok: false; message: string };

async function readBounded(path: string, limit: number): Promise<Source> {
	try {
		const { size } = await stat(path);
		if (size > limit) return { ok: false, message: `Larger than ${limit} bytes: shorten it.` };
		return { ok: true, text: await readFile(path, 'utf8') };
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
		return { ok: false, message: 'Missing: write it, starting with the front matter.' };
	}
}

/** JSON with sorted keys, so that equal content has equal bytes. */
function canonical(value: unknown): string {
	return JSON.stringify(value, (_key, inner: unknown) =>
		inner && typeof inner === 'object' && !Array.isArray(inner)
			? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
			: inner,
	);
}
