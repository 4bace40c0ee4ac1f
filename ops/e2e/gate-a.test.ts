// Gate a: start, sign in, one document. Two browsers type; what is shown as saved is true.

import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { newPerson, type Person } from './people.ts';
import { useLesson } from './room.ts';
import { joinClass, openClass, openLab, openWorkspaceOf, signIn } from './classroom.ts';
import { WorkspacePage } from './workspace-page.ts';
import { startLesson, type Lesson } from './lesson.ts';

describe('gate a: one document', () => {
	const room = useLesson(() => startLesson('gate-a'));
	let lesson: Lesson;
	let browser: Browser;
	let teacher: Person;
	let student: Person;
	let teacherView: WorkspacePage;
	let studentView: WorkspacePage;

	beforeAll(async () => {
		({ lesson, browser } = room);
		teacher = await room.person();
		student = await room.person();
	});

	it('lets the instructor in and shows the ready-made class', async () => {
		await signIn(teacher.page, lesson.origin, lesson.instructor);
		await teacher.page.getByRole('link', { name: 'Docker 101' }).click();
		await teacher.page.getByText('First Dockerfile').first().waitFor();
	});

	it('lets a student in by the join link and a name', async () => {
		await joinClass(student.page, lesson.origin, lesson.joinCode, 'Ada');
		await openLab(student.page, 'First Dockerfile');
		studentView = new WorkspacePage(student.page);
		await studentView.waitForEditor();
		await studentView.guide.waitFor();
		await studentView.tree.waitFor();
		await studentView.terminalPane.waitFor();
		await studentView.submitButton.waitFor();
	});

	it('lets two people type in one document, character by character', async () => {
		await studentView.openFile('Dockerfile');
		await studentView.replaceText('FROM python:3.13-slim\n');
		await openWorkspaceOf(teacher.page, lesson.origin, 'Docker 101', 'Ada');
		teacherView = new WorkspacePage(teacher.page);
		await teacherView.openFile('Dockerfile');
		await teacherView.expectText('FROM python:3.13-slim\n');

		await teacherView.typeAtEnd('WORKDIR /app\n');
		await studentView.expectText('FROM python:3.13-slim\nWORKDIR /app\n');
		await studentView.typeAtEnd('COPY . .');
		await teacherView.expectText('FROM python:3.13-slim\nWORKDIR /app\nCOPY . .');

		await teacherView.expectCursorOf('Ada');
		await studentView.expectCursorOf(lesson.instructor.name);
	});

	it('undoes one’s own typing only', async () => {
		await teacherView.typeAtEnd('\n# from the teacher');
		await studentView.expectText(
			'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n# from the teacher',
		);
		await studentView.undo();
		await studentView.expectTextMatching(/# from the teacher$/);
		await teacherView.undo();
	});

	it('says Saved only when the server has it', async () => {
		await studentView.expectStatus('Saved');
		lesson.signal('sync', 'SIGSTOP');
		try {
			await studentView.typeAtEnd('#');
			await studentView.expectStatus('Saving');
		} finally {
			lesson.signal('sync', 'SIGCONT');
		}
		await studentView.expectStatus('Saved');
	});

	it('keeps every file’s name, creation and deletion in step', async () => {
		await studentView.createFile('notes/todo.md');
		await teacherView.expectFile('todo.md');
		await teacherView.renameFile('todo.md', 'notes/done.md');
		await studentView.expectFile('done.md');
		await studentView.deleteFile('done.md');
		await teacherView.expectNoFile('done.md');
	});

	it('opens nobody else’s workspace', async () => {
		const other = await newPerson(browser);
		await joinClass(other.page, lesson.origin, lesson.joinCode, 'Mallory');
		const response = await other.page.goto(student.page.url());
		expect(response?.status()).toBeGreaterThanOrEqual(403);
		// A close code tells a browser more than a refused upgrade: either will do, a message won't.
		const answer = await other.page.evaluate(
			(url) =>
				new Promise<string>((resolve) => {
					const socket = new WebSocket(url);
					socket.onmessage = () => resolve('let in');
					socket.onclose = (event) => resolve(`closed with ${event.code}`);
				}),
			studentView.syncUrl(),
		);
		expect(answer).toMatch(/^closed with (1006|44\d\d)$/);
		await other.context.close();
	});

	it('lets a guest leave a shared computer, which forgets them, and come back by their code', async () => {
		const { page, context } = await newPerson(browser);
		const door = `${lesson.origin}/join/${lesson.joinCode}`;
		await page.goto(door);
		await page.getByLabel('Your name').fill('Shirley');
		await page.getByLabel('This is a shared computer').check();
		await page.getByRole('button', { name: 'Join', exact: true }).click();
		const code = await page.getByRole('status', { name: 'Return code' }).innerText();
		await page.getByRole('button', { name: 'Copy' }).click();
		await page.getByRole('button', { name: 'Copied' }).waitFor();
		await page.getByRole('button', { name: 'Continue' }).click();
		await page.waitForURL('**/classes/*');
		const own = page.url();
		await page.evaluate(() => localStorage.setItem('left', 'behind'));
		await page.getByRole('link', { name: 'Leave' }).click();
		await page.getByRole('button', { name: 'I have my code, leave' }).click();
		await page.waitForURL('**/goodbye?**');
		await page.waitForFunction(() => localStorage.length + sessionStorage.length === 0);
		expect(await context.cookies()).toEqual([]);
		await page.goto(door);
		await page.getByRole('link', { name: 'Use your return code' }).click();
		await page.getByLabel('Return code').fill(code.toLowerCase());
		await page.getByRole('button', { name: 'Continue' }).click();
		await page.waitForURL(own);
		await context.close();
	});

	it('shows staff who is here and who asks, as it happens, and tells whom they answered', async () => {
		const list = await teacher.context.newPage();
		await openClass(list, lesson.origin, 'Docker 101');
		const students = list.locator('tbody').getByRole('row');
		const first = (name: string) => students.first().filter({ hasText: name });
		const rowOf = (name: string) => students.filter({ hasText: name });
		await first('Ada').getByText('Here', { exact: true }).waitFor();
		await first('Ada').getByText('Dockerfile', { exact: true }).waitFor();

		const bob = await newPerson(browser);
		await joinClass(bob.page, lesson.origin, lesson.joinCode, 'Bob');
		await rowOf('Bob').getByText('Not here').waitFor();
		await openLab(bob.page, 'First Dockerfile');
		await rowOf('Bob').getByText('Here', { exact: true }).waitFor();

		await bob.page.getByRole('button', { name: 'Raise hand' }).click();
		await bob.page.getByLabel('What is it about?').fill('Where is my image?');
		await bob.page.getByRole('button', { name: 'Raise your hand' }).click();
		await first('Bob').getByText('Where is my image?').waitFor();
		await list.getByText(/2 of \d+ here, 1 hand/).waitFor();
		await students.first().getByRole('button', { name: 'Answered' }).click();
		const name = lesson.instructor.name;
		await bob.page
			.getByRole('status')
			.filter({ hasText: `Your hand was answered by ${name}.` })
			.waitFor();
		await first('Ada').waitFor();
		expect(bob.consoleErrors).toEqual([]);
		await bob.context.close();
		await rowOf('Bob').getByText('Not here').waitFor();
		await list.close();
	});

	it('prints no error on any console', () => {
		expect([...teacher.consoleErrors, ...student.consoleErrors]).toEqual([]);
	});
});
