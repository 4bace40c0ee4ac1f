// Gate c: submit and verdict. A failure with evidence, a pass after the fix, and a TA who reviews.

import type { Locator } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { joinClass, openAttempts, openLab, signIn } from './classroom.ts';
import { DOCKERIGNORE, FIRST_DOCKERFILE, startLesson, type Lesson } from './lesson.ts';
import type { Person } from './people.ts';
import { useLesson } from './room.ts';
import { WorkspacePage } from './workspace-page.ts';

const VERDICT_MS = 120_000;

describe('gate c: submit and verdict', () => {
	const room = useLesson(() => startLesson('gate-c'));
	let lesson: Lesson;
	let student: Person;
	let assistant: Person;
	let view: WorkspacePage;

	beforeAll(async () => {
		({ lesson } = room);
		student = await room.person();
		assistant = await room.person();
		await joinClass(student.page, lesson.origin, lesson.joinCode, 'Linus');
		await openLab(student.page, 'First Dockerfile');
		view = new WorkspacePage(student.page);
		await view.waitForEditor();
		await view.waitForPrompt();
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
		await view.verdict.getByRole('button', { name: /^Dockerfile, line \d+$/ }).click();
		const line = student.page.locator('[data-testid="editor"] .cm-focused .cm-line.cm-flash');
		await line.filter({ hasText: 'ap.py' }).waitFor();
		await view.verdict.getByText('What was printed').click();
		await view.verdict.getByText('python:3.13-slim').first().waitFor();
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

		await openAttempt(rows.nth(1));
		const text = await assistant.page.locator('main').innerText();
		expect(text).toMatch(/Linus/);
		expect(text).toMatch(/Failed/);
		expect(text).toMatch(/\.dockerignore/);
		expect(text).toMatch(/Dockerfile/);
		expect(text).toMatch(/\d+(\.\d+)?\s?s\b/);

		await assistant.page.goBack();
		await openAttempt(rows.nth(0));
		await assistant.page.getByTestId('file').getByText('WORKDIR').waitFor();
		const passed = await assistant.page.locator('main').innerText();
		expect(passed).toMatch(/Passed/);
		expect(passed).toMatch(/seal\.bin/);
		expect(passed).toMatch(/\d+(\.\d+)?\s?MB/);
		expect(passed).toMatch(/python:3\.13-slim/);
	});

	it('shows the TA what changed between the two', async () => {
		const changes = assistant.page.getByTestId('changes');
		const names = ['.dockerignore', 'Dockerfile', 'seal.bin'];
		for (const name of names) await changes.getByText(name, { exact: true }).waitFor();
		expect(await changes.innerText()).toMatch(/seal\.bin\s+new\s+not there → 3 KB/);
		await changes.locator('.cm-deletedChunk').filter({ hasText: 'ap.py' }).waitFor();
		await assistant.page.getByText('Side by side').click();
		await changes.locator('.cm-merge-a').getByText('ap.py').waitFor();
	});

	it('leads from evidence to its line, and so does the address', async () => {
		const { page } = assistant;
		await page.getByRole('link', { name: 'Attempt 1' }).click();
		const evidence = page
			.getByTestId('failure')
			.getByRole('link', { name: /, line \d+$/ })
			.first();
		const [, file, line] = /^(\S+), line (\d+)$/.exec(await evidence.innerText())!;
		await evidence.click();
		const marked = page.getByTestId('file').locator('.cm-line[data-marked]');
		await marked.waitFor();
		expect(new URL(page.url()).hash).toBe(`#file:${file}:${line}`);
		const text = await marked.innerText();
		// Whoever is given the address sees the same line.
		await page.reload();
		await marked.waitFor();
		expect(await marked.innerText()).toBe(text);
	});

	it('judges again for the TA, and the student hears of it where they are', async () => {
		await assistant.page.getByRole('link', { name: /^Attempt 2/ }).click();
		await assistant.page.getByRole('button', { name: 'Judge again' }).click();
		await student.page.getByText('Attempt 2 is being judged again.').waitFor();
		await student.page
			.getByText('Attempt 2 was judged again: passed.')
			.waitFor({ timeout: VERDICT_MS });
		const runs = assistant.page.getByRole('region', { name: 'Runs' }).getByRole('listitem');
		await runs.filter({ hasText: 'this one counts' }).waitFor();
		expect(await runs.nth(0).innerText()).toMatch(/Passed.*judged again by/s);
		expect(await runs.nth(1).innerText()).toMatch(/Passed.*this one counts/s);
	});

	it('counts as the TA decides, with the reason, and as judged when that is taken back', async () => {
		const { page } = assistant;
		await page.getByText('Decide otherwise…').click();
		await page.getByLabel('Why').fill('The seal was copied from a neighbour.');
		await page.getByRole('button', { name: 'Let this count' }).click();
		await page.getByTestId('override').getByText('This counts as failed.').waitFor();
		const told = view.verdict.getByTestId('override');
		await told.getByText('The seal was copied from a neighbour.').waitFor();
		await page.getByRole('button', { name: 'Let the judge’s verdict count again' }).click();
		await told.waitFor({ state: 'detached' });
	});

	it('lets newer work take the place of what waits, and both be cancelled', async () => {
		await view.openFile('Dockerfile');
		// Nobody waits for it: it is cancelled.
		await view.typeAtEnd('RUN sleep 300\n');
		await view.submit();
		await attempt(3).waitFor();
		await view.expectPhase('build');
		await view.typeAtEnd('# second\n');
		await view.submit();
		await attempt(4).getByText('Waiting').waitFor();
		await attempt(4).getByTestId('line-place').waitFor();
		await view.typeAtEnd('# third\n');
		await view.submit();
		await attempt(5).getByText('Waiting').waitFor();
		await attempt(4).waitFor({ state: 'detached' });
		await attempt(5).getByRole('button', { name: 'Cancel' }).click();
		await attempt(5).waitFor({ state: 'detached' });
		await attempt(3).getByRole('button', { name: 'Cancel' }).click();
		await view.expectVerdictText(/Cancelled by you/);
		await view.verdict.getByRole('link', { name: /#4/ }).click();
		await student.page.getByText('Replaced by attempt 5').waitFor();
	});

	const attempt = (number: number): Locator =>
		view.verdict.getByRole('region', { name: `Attempt ${number}` });

	/** By its number: the row leads to the person, too. */
	async function openAttempt(row: Locator): Promise<void> {
		await row.getByRole('link', { name: /^\d+$/ }).click();
		await assistant.page.waitForURL('**/attempts/*');
	}

	it('prints no error on any console', () => {
		expect([...assistant.consoleErrors, ...student.consoleErrors]).toEqual([]);
	});
});
