// A few of the corpus, those that are odd in ways that nothing else tries; all of it is judged by
// `npm run bench -- judge`.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { CORPUS, judgeSubmission } from '../corpus/corpus.ts';
import { type JudgeRoom, openJudgeRoom } from './judge-room.ts';

let room: JudgeRoom;
beforeAll(async () => {
	room = await openJudgeRoom();
});
afterAll(() => room?.[Symbol.asyncDispose]());

const NAMES = [
	'two backslashes end a line',
	'another escape',
	'ignore: of this Dockerfile alone',
	'two stages',
	'prints a report of the builder',
	'leaves a server behind in the build',
	'answers 200 to everything',
];

test.each(NAMES)('%s', async (name) => {
	const submission = CORPUS.find((each) => each.name === name)!;
	const { observed } = await judgeSubmission(room, submission);
	expect(observed).toBe(submission.expected);
});

test('each has a name of its own in its lab', () => {
	const names = CORPUS.map(({ lab, name }) => `${lab}: ${name}`);
	expect(new Set(names).size).toBe(names.length);
});
