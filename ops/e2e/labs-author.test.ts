// The author's test of every lab, and what our own curriculum asks of one beyond it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCatalog } from '@containrlab/labs/catalog.ts';
import { authorCases, unnamedImages, verdictMistakes } from '../lab/author.ts';
import { type JudgeRoom, LABS, openJudgeRoom } from './judge-room.ts';

const { labs, problems } = await readCatalog(LABS);

let room: JudgeRoom;
beforeAll(async () => {
	room = await openJudgeRoom({ mirror: true });
});
afterAll(() => room?.[Symbol.asyncDispose]());

test('there are labs, and none has a problem', () => {
	expect(labs.length).toBeGreaterThan(0);
	expect(problems).toEqual([]);
});

describe.each(labs.map((lab) => [lab.slug, lab] as const))('%s', async (_slug, lab) => {
	const cases = await authorCases(LABS, lab);

	test('has at least six wrong solutions and three hints, and a part that teaches each check', () => {
		expect(Object.keys(lab.front.wrong).length).toBeGreaterThanOrEqual(6);
		expect(lab.front.hints.length).toBeGreaterThanOrEqual(3);
		for (const { check, teaches } of lab.front.checks) expect(teaches, check).toBeDefined();
	});

	test('names the images that its solution is built upon', () => {
		expect(unnamedImages(lab, cases.find(({ name }) => name === 'solution')!.files)).toEqual([]);
	});

	test.each(cases)('$name', async (each) => {
		const verdict = await room.judge(lab, each.files);
		expect(verdictMistakes(each, verdict)).toEqual([]);
		if (each.expected === 'passed') expect(verdict.metrics.imageBytes).toBeGreaterThan(0);
	});
});
