// Gate c: submit and verdict. A failure with evidence, a pass after the fix, and a TA who reviews.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinClass, openAttempts, openLab, signIn } from './classroom.ts';
import { DOCKERIGNORE, FIRST_DOCKERFILE, startLesson, type Lesson } from './lesson.ts';
import { keepScreensOfFailures, launchBrowser, newPerson, type Person } from './people.ts';
import { WorkspacePage } from './workspace-page.ts';

const VERDICT_MS = 120_000;

describe('gate c: submit and verdict', () => {
	let lesson: Lesson;
	let browser: Browser;
	let student: Person;
	let assistant: Person;
	let view: WorkspacePage;

	beforeAll(async () => {
		lesson = await startLesson('gate-c');
		browser = await launchBrowser();
		student = await newPerson(browser);
		assistant = await newPerson(browser);
		await joinClass(student.page, lesson.origin, lesson.joinCode, 'Linus');
		await openLab(student.page, 'First Dockerfile');
		view = new WorkspacePage(student.page);
		await view.waitForEditor();
		await view.waitForPrompt();
	});
	keepScreensOfFailures(() => [student, assistant]);
	afterAll(async () => {
		await browser?.close();
		await lesson?.stop();
	});

	it('fails with evidence and what to try', async () => {
		await view.openFile('Dockerfile');
		await view.replaceText(FIRST_DOCKERFILE.replace('app.py', 'ap.py'));
		await view.submit();
		await view.expectPhase('build');
		await view.expectVerdict('failed', 1, VERDICT_MS);
		await view.expectVerdictText(/\.dockerignore/);
		await view.expectVerdictText(/ap\.py/);
		await view.expectVerdictText(/Try/i);
	});

	it('passes after the fix, and judges a binary file that the image needs', async () => {
		await view.replaceText(FIRST_DOCKERFILE);
		// Only the shell can make a binary; the image copies it and refuses to build without it.
		await view.run('head -c 3000 /dev/urandom > seal.bin; ls -l seal.bin');
		await view.expectFile('seal.bin');
		await view.openFile('Dockerfile');
		await view.typeAtEnd('\nCOPY seal.bin /seal.bin\nRUN test "$(stat -c %s /seal.bin)" = 3000\n');
		await view.createFile('.dockerignore');
		await view.replaceText(DOCKERIGNORE);
		await view.submit();
		await view.expectVerdict('passed', 2, VERDICT_MS);
	});

	it('shows a TA who did what, when, and why it failed', async () => {
		await signIn(assistant.page, lesson.origin, lesson.assistant);
		await openAttempts(assistant.page, lesson.origin, 'Docker 101');
		const rows = assistant.page.getByRole('row').filter({ hasText: 'Linus' });
		await rows.nth(1).waitFor();
		expect(await rows.count()).toBe(2);
		await expect.poll(async () => rows.nth(0).innerText()).toMatch(/Passed/);
		expect(await rows.nth(1).innerText()).toMatch(/Failed/);

		await rows.nth(1).getByRole('link').first().click();
		await assistant.page.waitForURL('**/attempts/*');
		const text = await assistant.page.locator('main').innerText();
		expect(text).toMatch(/Linus/);
		expect(text).toMatch(/Failed/);
		expect(text).toMatch(/\.dockerignore/);
		expect(text).toMatch(/Dockerfile/);
		expect(text).toMatch(/\d+(\.\d+)?\s?s\b/);

		await assistant.page.goBack();
		await rows.nth(0).getByRole('link').first().click();
		await assistant.page.waitForURL('**/attempts/*');
		const passed = await assistant.page.locator('main').innerText();
		expect(passed).toMatch(/Passed/);
		expect(passed).toMatch(/seal\.bin/);
		expect(passed).toMatch(/\d+(\.\d+)?\s?MB/);
		expect(passed).toMatch(/python:3\.13-slim/);
	});

	it('prints no error on any console', () => {
		expect([...assistant.consoleErrors, ...student.consoleErrors]).toEqual([]);
	});
});
