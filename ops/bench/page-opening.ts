// The workspace page in a browser that has never been here, on a slow machine: bytes and time.

import { openLab, joinClass } from '../e2e/classroom.ts';
import { newPerson } from '../e2e/people.ts';
import { WorkspacePage } from '../e2e/workspace-page.ts';
import { progress, type Classroom } from './classroom.ts';
import { clickedAt, installClock } from './page-clock.ts';
import { percentile, type Row } from './report.ts';

const SAMPLES = 5;
/** A first-year student's laptop beside the machine that this runs on. */
const SLOWDOWN = 4;
const TYPED = 'usable';

export async function measureOpening(classroom: Classroom): Promise<Row[]> {
	const bytes: number[] = [];
	const times: number[] = [];
	for (let n = 0; n < SAMPLES; n += 1) {
		const sample = await open(classroom, `Slow ${n + 1}`);
		bytes.push(sample.kilobytes);
		times.push(sample.seconds);
		progress(
			`workspace page: ${sample.kilobytes.toFixed(0)} KB, usable after ${sample.seconds.toFixed(2)} s`,
		);
	}
	return [
		{ name: 'workspace page, compressed', value: percentile(bytes, 100), unit: 'KB', target: 700 },
		{
			name: `workspace page usable at ${SLOWDOWN} × CPU slowdown (p50)`,
			value: percentile(times, 50),
			unit: 's',
			target: 3,
		},
	];
}

/** From the click on a lab's Start until a key that was pressed shows in the editor. */
async function open(
	{ browser, lesson }: Classroom,
	name: string,
): Promise<{ kilobytes: number; seconds: number }> {
	const { page, context } = await newPerson(browser);
	try {
		await installClock(context);
		await joinClass(page, lesson.origin, lesson.joinCode, name);
		const cdp = await context.newCDPSession(page);
		await cdp.send('Network.enable');
		// What the class page brought along counts as well: nobody comes from nowhere.
		await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
		let transferred = 0;
		cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
			transferred += encodedDataLength;
		});
		await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
		await openLab(page, 'First Dockerfile');
		await page.evaluate(() => window.bench.sight('[data-testid="editor"] .cm-content', /./));
		const shown = page.evaluate(
			(typed) => window.bench.sight('[data-testid="editor"] .cm-content', new RegExp(typed)),
			TYPED,
		);
		await page.getByTestId('editor').locator('.cm-content').focus();
		await page.keyboard.type(TYPED);
		const seconds = ((await shown) - (await clickedAt(page))) / 1000;
		await new WorkspacePage(page).waitForPrompt();
		return { kilobytes: transferred / 1000, seconds };
	} finally {
		await context.close();
	}
}
