// `npm run bench -- judge [corpus] [--json] [--record]`: how often judges are wrong, on submissions as
// people write them.

import { CORPUS, type Judged, judgeSubmission } from '../corpus/corpus.ts';
import { type JudgeRoom, openJudgeRoom } from '../e2e/judge-room.ts';
import { prepareMachine } from '../prepare.ts';
import { namedParts, progress, runParts } from './parts.ts';
import { percentile, type Row } from './report.ts';

/** At a time; each has a sandbox of its own. */
const TOGETHER = 3;

const PARTS = { corpus: measureCorpus };

const parts = namedParts(PARTS);
await prepareMachine(progress);
await using room = await openJudgeRoom({ mirror: true });
await runParts('judge', parts, room);

async function measureCorpus(room: JudgeRoom): Promise<Row[]> {
	const waiting = CORPUS.entries();
	const done: Judged[] = [];
	const work = async () => {
		for (const [, submission] of waiting) done.push(told(await judgeSubmission(room, submission)));
	};
	await Promise.all(Array.from({ length: TOGETHER }, work));
	const wrong = done.filter(({ submission, observed }) => observed !== submission.expected);
	const times = done.map(({ durationMs }) => durationMs);
	return [
		{ name: 'submissions judged', value: done.length, unit: 'verdicts' },
		{ name: 'false verdicts', value: wrong.length, unit: 'verdicts', target: 0 },
		{ name: 'verdict (p50)', value: percentile(times, 50), unit: 'ms' },
		{ name: 'verdict (p95)', value: percentile(times, 95), unit: 'ms' },
	];
}

function told(judged: Judged): Judged {
	const { submission, observed } = judged;
	const { lab, kind, name, expected } = submission;
	if (observed !== expected) progress(`✗ ${lab}, ${kind}, ${name}: ${observed}, not ${expected}`);
	return judged;
}
