// The gradebook of a class: a row for every student and lab.

import { gradebook, type Grade } from '@containrlab/db/queries/attempt-list.ts';
import { app } from '#server/app.ts';
import { askedTable } from '#server/attempt-table.ts';
import { csv } from '#server/csv.ts';
import { attachment } from '#server/files/attachment.ts';
import { requireClassRole } from '#server/kit.ts';
import type { RequestHandler } from './$types';

const HEAD = [
	...['Student', 'Student number', 'Lab', 'Best verdict', 'Points', 'Out of', 'Of these bonus'],
	...['Attempts', 'First passed (UTC)'],
];

/** What we couldn't judge is no verdict about anyone. */
function bestOf({ passed, failed, open, errors }: Grade): string {
	if (passed > 0) return 'passed';
	if (failed > 0) return 'failed';
	if (open > 0) return 'being judged';
	return errors > 0 ? 'not judged' : 'not submitted';
}

/** Of the best attempt, as numbers that a spreadsheet adds up; nothing where nothing was judged. */
const pointsOf = ({ best }: Grade): string[] =>
	best ? [best.earned, best.possible, best.bonus].map(String) : ['', '', ''];

export const GET: RequestHandler = async (event) => {
	const { class: found } = await requireClassRole(event, event.params.id, 'teach');
	const { db, labs } = app();
	const { student, lab } = askedTable(event.url.searchParams);
	const grades = await gradebook(db, found.id, { studentId: student, labSlug: lab });
	const rows = grades.map((grade) => [
		grade.name,
		grade.studentNumber ?? '',
		labs.title(grade.labSlug),
		bestOf(grade),
		...pointsOf(grade),
		String(grade.passed + grade.failed + grade.open),
		grade.firstPass?.toISOString() ?? '',
	]);
	const day = new Date().toISOString().slice(0, 10);
	const text = new TextEncoder().encode(csv([HEAD, ...rows]));
	return attachment(`${found.name} ${day}.csv`, text, 'text/csv; charset=utf-8');
};
