// A walk through every page of the product, as its people come by it: for pictures, and for checks
// that hold everywhere.

import type { Browser, Page } from 'playwright-core';
import { Runnerd } from '../bench/runnerd.ts';
import { endIdleAfter, joinClass, openLab, signIn } from './classroom.ts';
import { DOCKERIGNORE, FIRST_DOCKERFILE, startLesson, type Lesson } from './lesson.ts';
import { newPerson } from './people.ts';
import { PreviewPanel } from './preview-page.ts';
import { WorkspacePage } from './workspace-page.ts';

/** Called on each page when it shows what it has to show; `name` is unique. */
export type Visit = (page: Page, name: string) => Promise<void>;

const STUDENT = 'Ada Lovelace';

/** With one place for a student and the judges' one: who comes second waits in line. */
export const startTour = (name: string): Promise<Lesson> =>
	startLesson(name, { env: { SANDBOXES_MOST: '2' } });

/** The place is free afterwards. */
export async function tour(lesson: Lesson, browser: Browser, visit: Visit): Promise<void> {
	const teacher = await newPerson(browser);
	const student = await newPerson(browser);
	await strangers(lesson, browser, visit);
	await signIn(teacher.page, lesson.origin, lesson.instructor);
	await visit(teacher.page, 'classes');
	await teacher.page.getByRole('link', { name: 'Docker 101' }).click();
	await teacher.page.waitForURL('**/classes/*');
	const classPath = new URL(teacher.page.url()).pathname;
	await visit(teacher.page, 'class-empty');

	const view = await firstAttempt(lesson, student.page, visit);
	await teacher.page.goto(lesson.origin + classPath);
	await teacher.page
		.getByRole('row')
		.filter({ hasText: STUDENT })
		.getByRole('link')
		.first()
		.click();
	await teacher.page.waitForURL('**/w/*');
	const watching = new WorkspacePage(teacher.page);
	await watching.openFile('Dockerfile');
	await watching.typeAtEnd('\n# What else ends up in the image? Look at .dockerignore');
	await view.expectTextMatching(/dockerignore/);
	await view.expectWatcher(lesson.instructor.name);
	await visit(student.page, 'workspace-failed');
	await visit(teacher.page, 'workspace-staff');

	await view.createFile('.dockerignore');
	await view.replaceText(DOCKERIGNORE);
	await view.submit();
	await view.expectVerdict('passed', 2, 120_000);
	await visit(student.page, 'workspace-passed');
	await idle(lesson, teacher.page, student.page, classPath, visit);
	const runnerd = await Runnerd.of(lesson);
	await line(lesson, browser, runnerd, visit);
	const workspace = workspaceOf(student.page);
	await ofStudent(lesson, student.page, classPath, visit);
	await ofStaff(lesson, teacher.page, classPath, visit);
	await student.context.close();
	await teacher.context.close();
	await runnerd.stop(workspace);
}

const workspaceOf = (page: Page): string => /\/w\/([^/?]+)/.exec(page.url())![1]!;

async function strangers(lesson: Lesson, browser: Browser, visit: Visit): Promise<void> {
	const { page, context } = await newPerson(browser);
	const { origin, joinCode } = lesson;
	const paths = ['', 'signin', 'signup', 'return', 'goodbye', 'reach', 'join', `join/${joinCode}`];
	for (const path of [...paths, 'join/NOSUCHCODE', 'no/such/page']) {
		await page.goto(`${origin}/${path}`);
		await visit(page, path.replace(joinCode, 'open').replaceAll('/', '-') || 'landing');
	}
	await context.close();
}

/** Joins, builds the first Dockerfile and submits it: it leaves too much in the image. */
async function firstAttempt(lesson: Lesson, page: Page, visit: Visit): Promise<WorkspacePage> {
	await page.goto(`${lesson.origin}/join/${lesson.joinCode}`);
	await page.getByLabel('Your name').fill(STUDENT);
	await page.getByRole('button', { name: 'Join', exact: true }).click();
	await page.waitForURL('**/account/code?**');
	await visit(page, 'return-code');
	await page.getByRole('button', { name: 'Continue' }).click();
	await page.waitForURL('**/classes/*');
	await visit(page, 'class-student');
	await openLab(page, 'First Dockerfile');
	const view = new WorkspacePage(page);
	await view.waitForPrompt();
	await visit(page, 'workspace-first');
	await page.getByRole('button', { name: 'Skip', exact: true }).click();
	for (const [name, key] of [
		['shortcuts', 'F1'],
		['quick-open', 'Control+P'],
	] as const) {
		await page.keyboard.press(key);
		await page.getByRole('dialog').waitFor();
		await visit(page, `workspace-${name}`);
		await page.keyboard.press('Escape');
		await page.getByRole('dialog').waitFor({ state: 'detached' });
	}
	for (const act of ['Restart sandbox…', 'Reset workspace…']) {
		await page.getByRole('button', { name: 'Sandbox', exact: true }).click();
		await page.getByRole('menuitem', { name: act }).click();
		await page.getByRole('dialog').waitFor();
		await visit(page, `workspace-${act.split(' ')[0]!.toLowerCase()}`);
		await page.getByRole('button', { name: 'Cancel' }).click();
		await page.getByRole('dialog').waitFor({ state: 'detached' });
	}
	const panel = new PreviewPanel(page);
	await panel.open();
	await visit(page, 'workspace-preview-empty');
	await view.openFile('Dockerfile');
	await view.replaceText(FIRST_DOCKERFILE);
	await view.run('docker build -q -t pinboard . && docker run -d -p 8080:8080 pinboard');
	await view.expectTerminal(/^[0-9a-f]{64}\nstudent:\S+\$$/m, 60_000);
	await view.run('curl -s --retry 9 --retry-all-errors localhost:8080/health');
	await view.expectTerminal('"ok"', 60_000);
	await panel.choose(8080);
	await panel.shows('pinboard');
	await visit(page, 'workspace-preview');
	await page.getByRole('button', { name: 'Another terminal' }).click();
	await view.waitForPrompt();
	await visit(page, 'workspace-terminals');
	await page.keyboard.press('Alt+Shift+W');
	await page.getByRole('tablist', { name: 'Terminals' }).waitFor({ state: 'detached' });
	await view.submit();
	await view.expectVerdict('failed', 1, 120_000);
	return view;
}

async function ofStudent(
	lesson: Lesson,
	page: Page,
	classPath: string,
	visit: Visit,
): Promise<void> {
	const workspacePath = new URL(page.url()).pathname;
	await page.goto(`${lesson.origin}${workspacePath}/attempts`);
	await visit(page, 'attempts-own');
	await recordings(lesson, page, workspacePath, visit);
	await page.goto(`${lesson.origin}${workspacePath}/attempts`);
	await page.getByRole('row').nth(1).getByRole('link').first().click();
	await page.waitForURL('**/attempts/*');
	await visit(page, 'attempt-own');
	for (const [name, path] of [
		['class-student-after', classPath],
		['progress', `${classPath}/progress`],
		['account', '/account'],
		['signout', '/signout'],
		['error', '/w/nosuchworkspace0'],
	] as const) {
		await page.goto(lesson.origin + path);
		await visit(page, name);
	}
}

/** Nobody works in a sandbox: how long it has left, and the way to keep it. */
async function idle(
	lesson: Lesson,
	teacher: Page,
	student: Page,
	classPath: string,
	visit: Visit,
): Promise<void> {
	const url = lesson.origin + classPath;
	// Shorter than the warning: it is there from the beginning.
	await endIdleAfter(teacher, url, '4');
	await student.getByRole('button', { name: 'Sandbox', exact: true }).click();
	await student.getByRole('menuitem', { name: 'Restart sandbox…' }).click();
	await student.getByRole('button', { name: 'Restart it' }).click();
	await student.getByRole('button', { name: 'Extend' }).waitFor({ timeout: 60_000 });
	await visit(student, 'workspace-idle');
	await endIdleAfter(teacher, url, '30');
}

/** Who comes when every place is taken. */
async function line(
	lesson: Lesson,
	browser: Browser,
	runnerd: Runnerd,
	visit: Visit,
): Promise<void> {
	const { page, context } = await newPerson(browser);
	await joinClass(page, lesson.origin, lesson.joinCode, 'Grace Hopper');
	await openLab(page, 'First Dockerfile');
	await page.getByTestId('sandbox-place').filter({ hasText: 'You are next in line' }).waitFor();
	await visit(page, 'workspace-line');
	await runnerd.stop(workspaceOf(page));
	await context.close();
}

/** The terminal, as it was: played to its end, the build and the app's answer are on the screen. */
async function recordings(
	lesson: Lesson,
	page: Page,
	workspacePath: string,
	visit: Visit,
): Promise<void> {
	await page.goto(`${lesson.origin}${workspacePath}/recordings`);
	await visit(page, 'recordings');
	// The first one, in which the app was built.
	await page.getByRole('row').last().getByRole('link').click();
	await page.getByLabel('Position').press('End');
	await page.getByTestId('recording').getByText('localhost:8080/health').first().waitFor();
	await page.getByTestId('recording').getByText('"ok"').first().waitFor();
	await visit(page, 'recording');
}

async function ofStaff(lesson: Lesson, page: Page, classPath: string, visit: Visit): Promise<void> {
	for (const [name, path] of [
		['class-staff', classPath],
		['projector', `${classPath}/projector`],
		['settings-labs', `${classPath}/settings/labs`],
		['settings-preflight', `${classPath}/settings/preflight`],
		['settings-joining', `${classPath}/settings/joining`],
		['settings-people', `${classPath}/settings/people`],
		['settings-class', `${classPath}/settings/class`],
		['classes-new', '/classes/new'],
		['people', '/people'],
		['attempts', `${classPath}/attempts`],
	] as const) {
		await page.goto(lesson.origin + path);
		await visit(page, name);
	}
	await page.goto(lesson.origin + classPath);
	await page.getByText('Start or plan a session…').click();
	await visit(page, 'class-session-plan');
	await page.getByRole('button', { name: 'Start now' }).click();
	await page.getByText('In session until').waitFor();
	await visit(page, 'class-in-session');
	await page.getByRole('button', { name: 'End the session' }).click();
	await page.getByText('In session until').waitFor({ state: 'detached' });
	await page.goto(`${lesson.origin}${classPath}/attempts`);
	const failed = page.locator('tbody tr').filter({ hasText: 'Failed' });
	await failed.locator('a[href^="/attempts/"]').first().click();
	await page.waitForURL('**/attempts/*');
	await visit(page, 'attempt');
	await page.getByText('Decide otherwise…').click();
	await page.getByLabel('Why').fill('Ada showed me that it runs.');
	await visit(page, 'attempt-override');
	await page.getByRole('button', { name: 'Let this count' }).click();
	await page.getByTestId('override').waitFor();
	await visit(page, 'attempt-overridden');
	await page.goto(`${lesson.origin}${classPath}/attempts/again`);
	await visit(page, 'attempts-again');
	await page.getByRole('button', { name: 'Judge all its attempts again' }).click();
	await page.waitForURL('**/attempts/again/*');
	await page.getByText('Every verdict stayed as it was').waitFor({ timeout: 120_000 });
	await visit(page, 'attempts-again-report');
	await page.goto(`${lesson.origin}${classPath}/attempts`);
	await page.locator(`a[href^="${classPath}/people/"]`).first().click();
	await page.waitForURL('**/people/*');
	await visit(page, 'person');
}
