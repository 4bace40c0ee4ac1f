// The product is for everyone: no page keeps somebody out, at any size, in either theme.

import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { DOCKERIGNORE, FIRST_DOCKERFILE } from './lesson.ts';
import { useLesson } from './room.ts';
import { startTour, tour } from './tour.ts';
import { WorkspacePage } from './workspace-page.ts';

const SCREENS = [
	{ width: 1280, height: 720 },
	{ width: 1920, height: 1080 },
	{ width: 1024, height: 1366 },
	// A laptop's at 200 % zoom.
	{ width: 640, height: 360 },
	// A phone's.
	{ width: 390, height: 844 },
];

const room = useLesson(() => startTour('everyone'));

test('axe finds nothing on any page in either theme, and none is wider than its screen', async () => {
	const script = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
	const found: string[] = [];
	await tour(room.lesson, room.browser, async (page, name) => {
		for (const colorScheme of ['light', 'dark'] as const) {
			await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
			found.push(
				...(await violations(page, script)).map((one) => `${name} (${colorScheme}): ${one}`),
			);
		}
		found.push(...(await overflows(page)).map((one) => `${name}: ${one}`));
	});
	expect(found).toEqual([]);
}, 600_000);

test('the whole lesson by keyboard alone, with the terminal read aloud', async () => {
	const { page, context, consoleErrors } = await room.person();
	const view = new WorkspacePage(page);
	await page.goto(`${room.lesson.origin}/join/${room.lesson.joinCode}`);
	await tabTo(page, 'Your name');
	await page.keyboard.type('Keyboard Kim');
	await tabTo(page, 'Join');
	await page.keyboard.press('Enter');
	await page.waitForURL('**/account/code?**');
	await tabTo(page, 'Continue');
	await page.keyboard.press('Enter');
	await page.waitForURL('**/classes/*');
	await tabTo(page, /^Start/);
	await page.keyboard.press('Enter');
	await page.waitForURL('**/w/*');
	await view.waitForPrompt();

	// The first steps, one by one, and the way back to them.
	for (const step of ['Next', 'Next', 'Next', 'Begin']) {
		await tabTo(page, step);
		await page.keyboard.press('Enter');
	}
	await page.getByRole('region', { name: 'First steps' }).waitFor({ state: 'detached' });
	await page.keyboard.press('F1');
	await tabTo(page, 'Show the first steps again');
	await page.keyboard.press('Enter');
	await tabTo(page, 'Skip');
	await page.keyboard.press('Enter');

	await jump(page, 'Alt+2', '[role=treeitem]');
	await arrowTo(page, 'Dockerfile');
	await page.keyboard.press('Enter');
	await jump(page, 'Alt+3', '.cm-content');
	await write(page, FIRST_DOCKERFILE);
	// Tab types in the editor until it is told to leave.
	await page.keyboard.press('Control+M');
	await page.keyboard.press('Tab');
	expect(await page.evaluate(() => document.activeElement?.closest('.cm-editor'))).toBeNull();
	await view.expectText(FIRST_DOCKERFILE);

	await jump(page, 'Alt+4', '.xterm-helper-textarea');
	await page.keyboard.press('Control+M');
	await tabTo(page, 'Read the terminal aloud', 'Shift+Tab');
	await page.keyboard.press('Enter');
	await jump(page, 'Alt+4', '.xterm-helper-textarea');
	await page.keyboard.type('docker build -t pinboard . ; echo built-$((1+1))\n');
	await view.expectTerminal('built-2', 60_000);
	await page.keyboard.press('Alt+O');
	const output = page.getByRole('dialog', { name: 'Last output' });
	await output.waitFor();
	expect(await output.innerText()).toMatch(/^#\d+ \[\d\/\d\] COPY \. \./m);
	await page.keyboard.press('Escape');
	await page.waitForFunction(() => document.activeElement?.matches('.xterm-helper-textarea'));
	await page.keyboard.type('echo back-$((2+2))\n');
	await view.expectTerminal('back-4');

	await page.keyboard.press('Control+Shift+Enter');
	await view.expectVerdict('failed', 1, 120_000);
	await jump(page, 'Alt+5', '[data-focus=verdict]');
	await tabTo(page, 'New file');
	await page.keyboard.press('Enter');
	await page.keyboard.type('.dockerignore\n');
	await view.expectFile('.dockerignore');
	await jump(page, 'Alt+3', '.cm-content');
	await write(page, DOCKERIGNORE);
	await view.expectText(DOCKERIGNORE);
	await page.keyboard.press('Control+Shift+Enter');
	await view.expectVerdict('passed', 2, 120_000);
	expect(consoleErrors).toEqual([]);
	await context.close();
}, 300_000);

/** A shortcut to a pane: there, before anything else is typed. */
async function jump(page: Page, key: string, selector: string): Promise<void> {
	await page.keyboard.press(key);
	await page.waitForFunction((there) => document.activeElement?.matches(there), selector);
}

/** Presses a key until what has the focus is called `name`, as a screen reader would say it. */
async function tabTo(page: Page, name: string | RegExp, key = 'Tab'): Promise<void> {
	const passed: string[] = [];
	for (let n = 0; n < 60; n += 1) {
		const at = await focused(page);
		if (typeof name === 'string' ? at === name : name.test(at)) return;
		passed.push(at);
		await page.keyboard.press(key);
	}
	throw new Error(`${String(name)} can't be reached by ${key}: ${passed.join(' · ')}`);
}

async function arrowTo(page: Page, name: string): Promise<void> {
	await page.keyboard.press('Home');
	for (let n = 0; n < 30; n += 1) {
		if ((await focused(page)).includes(name)) return;
		await page.keyboard.press('ArrowDown');
	}
	throw new Error(`${name} can't be reached by arrow keys`);
}

/** The accessible name of what has the focus: by label, or by what it says. */
async function focused(page: Page): Promise<string> {
	return page.evaluate(() => {
		const element = document.activeElement as HTMLElement | null;
		const labels = (element as HTMLInputElement | null)?.labels;
		const name =
			element?.getAttribute('aria-label') ?? labels?.[0]?.innerText ?? element?.innerText ?? '';
		return name.trim().replaceAll(/\s+/g, ' ').slice(0, 60);
	});
}

async function write(page: Page, text: string): Promise<void> {
	await page.keyboard.press('Control+A');
	await page.keyboard.press('Delete');
	await page.keyboard.insertText(text);
}

async function violations(page: Page, script: string): Promise<string[]> {
	await page.evaluate(script);
	const { violations } = (await page.evaluate(
		'axe.run(document, { resultTypes: ["violations"] })',
	)) as axe.AxeResults;
	return violations.flatMap(({ id, nodes }) =>
		nodes.map(
			(node) => `${id} at ${node.target.join(' ')}: ${node.any[0]?.message ?? node.failureSummary}`,
		),
	);
}

async function overflows(page: Page): Promise<string[]> {
	const before = page.viewportSize();
	const found: string[] = [];
	for (const screen of SCREENS) {
		await page.setViewportSize(screen);
		// A bar of a page that fills the screen is cut off, and doesn't widen the page.
		const wide = await page.evaluate(() =>
			Math.max(
				document.documentElement.scrollWidth - innerWidth,
				...Array.from(
					document.querySelectorAll('header'),
					(bar) => bar.scrollWidth - bar.clientWidth,
				),
			),
		);
		if (wide > 0) found.push(`${wide} px wider than ${screen.width}`);
	}
	if (before) await page.setViewportSize(before);
	return found;
}
