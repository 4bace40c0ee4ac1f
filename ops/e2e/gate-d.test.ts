// Gate d: kills. Student, instructor and TA are at work; every process dies by kill -9 under typing
// and comes back; nothing saved is lost, and nobody reloads a page.

import { beforeAll, describe, expect, it } from 'vitest';
import { joinClass, openAttempts, openLab, openWorkspaceOf, signIn } from './classroom.ts';
import {
	DOCKERIGNORE,
	FIRST_DOCKERFILE,
	startLesson,
	type Lesson,
	type Service,
} from './lesson.ts';
import type { Person } from './people.ts';
import { useLesson } from './room.ts';
import { WorkspacePage } from './workspace-page.ts';

const RECOVERY_MS = 60_000;
const SERVICES: Service[] = ['sync', 'runnerd', 'web', 'postgres', 'supervisor'];

describe('gate d: kills', () => {
	const room = useLesson(() => startLesson('gate-d'));
	let lesson: Lesson;
	let student: Person;
	let teacher: Person;
	let assistant: Person;
	let view: WorkspacePage;
	let teacherView: WorkspacePage;
	let expected = '';

	beforeAll(async () => {
		({ lesson } = room);
		student = await room.person();
		teacher = await room.person();
		assistant = await room.person();
		await signIn(teacher.page, lesson.origin, lesson.instructor);
		await signIn(assistant.page, lesson.origin, lesson.assistant);
		await joinClass(student.page, lesson.origin, lesson.joinCode, 'Dijkstra');
		await openLab(student.page, 'First Dockerfile');
		view = new WorkspacePage(student.page);
		await view.waitForEditor();
		await view.waitForPrompt();
		await view.createFile('journal.txt');
		await view.run('echo shell-$$');
		await view.markPage();
		await openWorkspaceOf(teacher.page, lesson.origin, 'Docker 101', 'Dijkstra');
		teacherView = new WorkspacePage(teacher.page);
		await teacherView.openFile('journal.txt');
		await teacherView.markPage();
	});

	it.each(SERVICES)('loses nothing when %s is killed', async (service) => {
		const shell = await view.shellPid();
		await view.run(`clear; for i in $(seq 1 80); do echo ${service}-tick-$i; sleep 0.1; done`);
		await view.expectTerminal(`${service}-tick-3`);

		// Saved text and a saved deletion, then the kill in the middle of a word.
		await view.typeAtEnd(`${service}: kept, cut\n`);
		await view.deleteBackwards(', cut\n'.length);
		await view.typeAtEnd('\n');
		expected += `${service}: kept\n`;
		await view.expectText(expected);
		await view.expectStatus('Saved');
		await lesson.kill(service, async () => {
			await view.typeAtEnd(`${service}: typed while it was gone\n`);
		});
		expected += `${service}: typed while it was gone\n`;
		await view.expectText(expected);
		await view.expectStatus('Saved', RECOVERY_MS);

		// The same shell, with what it printed meanwhile, in the same page.
		await view.expectTerminal(`${service}-tick-80`, RECOVERY_MS);
		await teacherView.expectTerminal(`${service}-tick-80`, RECOVERY_MS);
		expect(await view.shellPid()).toBe(shell);
		await view.expectUnreloaded();
		await teacherView.expectText(expected);
		await teacherView.expectStatus('Saved', RECOVERY_MS);
		await teacherView.expectUnreloaded();

		// What the page shows is what a newcomer's page shows.
		const fresh = await student.context.newPage();
		await fresh.goto(student.page.url());
		const freshView = new WorkspacePage(fresh);
		await freshView.waitForEditor();
		await freshView.openFile('journal.txt');
		await freshView.expectText(expected);
		await fresh.close();
		await view.run('clear; cat journal.txt; echo end-$((1+1))');
		await view.expectTerminal(
			new RegExp(`${service}: typed while it was gone\\s+end-2`),
			RECOVERY_MS,
		);
	});

	it.each(['web', 'runnerd', 'postgres'] as const)(
		'brings a verdict in flight exactly once when %s is killed',
		async (service) => {
			await view.openFile('Dockerfile');
			await view.replaceText(`${FIRST_DOCKERFILE}\nRUN sleep 4 # ${service}\n`);
			await view.ensureFile('.dockerignore', DOCKERIGNORE);
			const before = await view.attemptCount();
			await view.submit();
			await view.expectPhase('build');
			await lesson.kill(service);
			await view.expectVerdict('passed', before + 1, 180_000);
			await view.expectUnreloaded();
		},
	);

	it('shows the TA each of these attempts once', async () => {
		await openAttempts(assistant.page, lesson.origin, 'Docker 101');
		const rows = assistant.page.getByRole('row').filter({ hasText: 'Dijkstra' });
		await rows.nth(2).waitFor();
		const verdicts = await rows.allInnerTexts();
		expect(verdicts).toHaveLength(3);
		for (const text of verdicts) expect(text).toContain('Passed');
	});

	it('prints no error on any console', () => {
		const people = [student, teacher, assistant];
		expect(people.flatMap((person) => person.consoleErrors)).toEqual([]);
	});
});
