// `npm run pictures -- [DIR]`: plays a short lesson in real browsers and photographs every page, on a
// laptop and on a projector, light and dark; the first is the README's. Without DIR, only that one.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { joinClass, openAttempts, openLab, openWorkspaceOf, signIn } from './e2e/classroom.ts';
import { DOCKERIGNORE, FIRST_DOCKERFILE, startLesson, type Lesson } from './e2e/lesson.ts';
import { launchBrowser, newPerson, type Person } from './e2e/people.ts';
import { WorkspacePage } from './e2e/workspace-page.ts';
import { ROOT } from './setup/data-dir.ts';

const SCREENS = [
	{ name: 'laptop', width: 1280, height: 720 },
	{ name: 'projector', width: 1920, height: 1080 },
] as const;
const directory = process.argv[2];

const lesson = await startLesson('pictures');
const browser = await launchBrowser();
try {
	await play(lesson, {
		teacher: await newPerson(browser),
		student: await newPerson(browser),
		visitor: await newPerson(browser),
	});
} finally {
	await browser.close();
	await lesson.stop();
}

interface People {
	teacher: Person;
	student: Person;
	visitor: Person;
}

async function play(lesson: Lesson, { teacher, student, visitor }: People): Promise<void> {
	const { origin, joinCode } = lesson;
	const forms = ['signin', 'signup', 'return', 'join', `join/${joinCode}`, 'join/NOSUCHCODE'];
	for (const path of ['', ...forms]) {
		await visitor.page.goto(`${origin}/${path}`);
		await photograph(visitor.page, path.replace(joinCode, 'open').replace('/', '-') || 'landing');
	}
	await signIn(teacher.page, origin, lesson.instructor);
	await photograph(teacher.page, 'classes');
	await joinClass(student.page, origin, joinCode, 'Ada Lovelace');
	await photograph(student.page, 'class-student');
	for (const path of ['account', 'signout']) {
		await student.page.goto(`${origin}/${path}`);
		await photograph(student.page, path);
	}
	await student.page.goto(`${origin}/classes`);
	await student.page.getByRole('link', { name: 'Docker 101' }).click();
	await student.page.setViewportSize({ width: 1440, height: 900 });
	await openLab(student.page, 'First Dockerfile');

	const view = new WorkspacePage(student.page);
	await view.waitForPrompt();
	await view.openFile('Dockerfile');
	await view.replaceText(FIRST_DOCKERFILE);
	await view.run('docker build -q -t pinboard . && docker run -d -p 8080:8080 pinboard');
	await view.expectTerminal(/^[0-9a-f]{64}\nstudent:\S+\$$/m, 60_000);
	await view.run('curl -s --retry 9 --retry-all-errors localhost:8080/health');
	await view.expectTerminal('"ok"', 60_000);
	await view.submit();
	await view.expectVerdict('failed', 1, 120_000);

	await openWorkspaceOf(teacher.page, origin, 'Docker 101', 'Ada Lovelace');
	const watching = new WorkspacePage(teacher.page);
	await watching.openFile('Dockerfile');
	await watching.typeAtEnd('\n# What else ends up in the image? Look at .dockerignore');
	await view.expectTextMatching(/dockerignore/);
	await view.expectWatcher(lesson.instructor.name);
	await student.page.screenshot({ path: join(ROOT, 'docs', 'workspace.png') });
	if (!directory) return;
	await photograph(student.page, 'workspace-failed');
	await photograph(teacher.page, 'workspace-staff');

	await view.createFile('.dockerignore');
	await view.replaceText(DOCKERIGNORE);
	await view.submit();
	await view.expectVerdict('passed', 2, 120_000);
	await photograph(student.page, 'workspace-passed');
	await teacher.page.goto(`${origin}/classes`);
	await teacher.page.getByRole('link', { name: 'Docker 101' }).click();
	await photograph(teacher.page, 'class-staff');
	await openAttempts(teacher.page, origin, 'Docker 101');
	await photograph(teacher.page, 'attempts');
	await teacher.page
		.getByRole('row')
		.filter({ hasText: 'Failed' })
		.getByRole('link', { name: /^\d+$/ })
		.first()
		.click();
	await teacher.page.waitForURL('**/attempts/*');
	await photograph(teacher.page, 'attempt');
	await student.page.goto(`${origin}/w/nosuchworkspace0`);
	await photograph(student.page, 'error');
}

/** As it looks on every screen and in both themes. */
async function photograph(page: Page, name: string): Promise<void> {
	if (!directory) return;
	await mkdir(directory, { recursive: true });
	for (const colorScheme of ['light', 'dark'] as const) {
		await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
		for (const { name: screen, width, height } of SCREENS) {
			await page.setViewportSize({ width, height });
			await page.screenshot({ path: join(directory, `${name}-${screen}-${colorScheme}.png`) });
		}
	}
	await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}
