// `npm run pictures -- [DIR]`: plays a short lesson in real browsers and photographs every page, on a
// laptop and on a projector, light and dark. Without DIR, only the README's four.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchBrowser } from './e2e/people.ts';
import { startTour, tour } from './e2e/tour.ts';
import { ROOT } from './setup/data-dir.ts';

const SCREENS = [
	{ name: 'laptop', width: 1280, height: 720 },
	{ name: 'projector', width: 1920, height: 1080 },
] as const;
/** Pages of the tour → their pictures in docs/. */
const README: Record<string, { file: string; colorScheme: 'light' | 'dark' }> = {
	'workspace-failed': { file: 'workspace.png', colorScheme: 'light' },
	'class-staff': { file: 'class.png', colorScheme: 'light' },
	attempt: { file: 'attempt.png', colorScheme: 'dark' },
	projector: { file: 'projector.png', colorScheme: 'dark' },
};
const directory = process.argv[2];

const lesson = await startTour('pictures');
const browser = await launchBrowser();
try {
	await tour(lesson, browser, directory ? photograph : forReadme);
} finally {
	await browser.close();
	await lesson.stop();
}

async function forReadme(page: Page, name: string): Promise<void> {
	const picture = README[name];
	if (!picture) return;
	await page.setViewportSize({ width: 1440, height: 900 });
	await page.emulateMedia({ colorScheme: picture.colorScheme, reducedMotion: 'reduce' });
	await page.screenshot({ path: join(ROOT, 'docs', picture.file) });
	await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

/** As it looks on every screen and in both themes, down to its end. */
async function photograph(page: Page, name: string): Promise<void> {
	const into = directory ?? '.';
	await mkdir(into, { recursive: true });
	const before = page.viewportSize();
	for (const colorScheme of ['light', 'dark'] as const) {
		await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
		for (const { name: screen, width, height } of SCREENS) {
			await page.setViewportSize({ width, height });
			const path = join(into, `${name}-${screen}-${colorScheme}.png`);
			await page.screenshot({ path, fullPage: true });
		}
	}
	await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
	if (before) await page.setViewportSize(before);
}
