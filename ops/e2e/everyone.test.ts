// The product is for everyone: no page keeps somebody out, at any size, in either theme.

import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLesson, type Lesson } from './lesson.ts';
import { launchBrowser } from './people.ts';
import { tour } from './tour.ts';

const SCREENS = [
	{ width: 1280, height: 720 },
	{ width: 1920, height: 1080 },
	{ width: 1024, height: 1366 },
	// A laptop's at 200 % zoom.
	{ width: 640, height: 360 },
];

let lesson: Lesson;
let browser: Browser;
beforeAll(async () => {
	[lesson, browser] = await Promise.all([startLesson('everyone'), launchBrowser()]);
});
afterAll(async () => {
	await browser.close();
	await lesson.stop();
});

test('axe finds nothing on any page in either theme, and none is wider than its screen', async () => {
	const script = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
	const found: string[] = [];
	await tour(lesson, browser, async (page, name) => {
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
		const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
		if (wide > 0) found.push(`${wide} px wider than ${screen.width}`);
	}
	if (before) await page.setViewportSize(before);
	return found;
}
