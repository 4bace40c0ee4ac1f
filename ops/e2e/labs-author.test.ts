// The author's test: of every lab the starter fails, the solution passes, and each wrong solution
// fails first with the code that it was written for.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAuthoredCases, readCatalog } from '@containrlab/labs/catalog.ts';
import { Verdict } from '@containrlab/protocol/verdict.ts';
import { codesOf, type JudgeRoom, LABS, openJudgeRoom } from './judge-room.ts';

const { labs } = await readCatalog(LABS);

let room: JudgeRoom;
beforeAll(async () => {
	room = await openJudgeRoom();
});
afterAll(() => room?.[Symbol.asyncDispose]());

test('there are labs', () => expect(labs.length).toBeGreaterThan(0));

describe.each(labs.map((lab) => [lab.slug, lab] as const))('%s', async (_slug, lab) => {
	const cases = await readAuthoredCases(LABS, lab);

	test('has at least six wrong solutions and three hints', () => {
		expect(cases.wrong.length).toBeGreaterThanOrEqual(6);
		expect(lab.front.hints.length).toBeGreaterThanOrEqual(3);
	});

	test('its starter fails', async () => {
		expect(await room.judge(lab, lab.starter)).toMatchObject({ status: 'failed' });
	});

	test('its solution passes', async () => {
		const verdict = await room.judge(lab, cases.solution);
		expect(codesOf(Verdict.parse(verdict))).toEqual(['passed']);
		expect(verdict.checks.every((check) => check.status === 'passed')).toBe(true);
		expect(verdict.metrics.imageBytes).toBeGreaterThan(0);
	});

	test.each(cases.wrong)('wrong/$name fails with $code', async ({ code, files }) => {
		const verdict = await room.judge(lab, files);
		expect(codesOf(verdict)[0]).toBe(code);
		if (verdict.status !== 'failed') return;
		for (const failure of verdict.failures) {
			expect(failure.message.length).toBeGreaterThan(20);
			expect(failure.hint.length).toBeGreaterThan(10);
			expect(failure.evidence.length).toBeGreaterThan(0);
		}
	});
});
