// The workspace page in a browser that has never been here: its bytes, the work that it is for the
// browser, and on a slow machine the time until one can type, the first time and after a reload.

import type { Page } from 'playwright-core';
import { joinClass, openLab } from '../e2e/classroom.ts';
import { newPerson } from '../e2e/people.ts';
import { WorkspacePage } from '../e2e/workspace-page.ts';
import { progress, type Classroom } from './classroom.ts';
import { clickedAt, installClock } from './page-clock.ts';
import { percentile, type Row } from './report.ts';

const SAMPLES = 5;
/** A first-year student's laptop beside the machine that this runs on. */
const SLOWDOWN = 4;
const USABLE_S = 3;
const EDITOR = '[data-testid="editor"] .cm-content';

interface Opening {
	/** From the click on a lab's Start until keys that were pressed show in the editor. */
	first: number;
	/** What the page's main thread computed meanwhile, whatever else the machine did. */
	cpu: number;
	/** From a reload's beginning until the same, with what the browser has kept. */
	again: number;
}

export async function measureOpening(classroom: Classroom): Promise<Row[]> {
	const usual: Opening[] = [];
	const slow: Opening[] = [];
	for (let n = 1; n <= SAMPLES; n += 1) {
		usual.push(await open(classroom, `Quick ${n}`, 1));
		slow.push(await open(classroom, `Slow ${n}`, SLOWDOWN));
		const [{ cpu }, { first, again }] = [usual.at(-1)!, slow.at(-1)!];
		const slower = `${first.toFixed(2)} s, after a reload ${again.toFixed(2)} s`;
		progress(
			`workspace page: ${cpu.toFixed(2)} s of CPU; ${SLOWDOWN} × slower usable in ${slower}`,
		);
	}
	const median = (all: Opening[], key: keyof Opening) =>
		percentile(
			all.map((each) => each[key]),
			50,
		);
	const page = 'workspace page';
	const slower = `${SLOWDOWN} × slower CPU (p50)`;
	return [
		{
			name: `${page}, compressed`,
			value: await weigh(classroom),
			unit: 'KB',
			target: 700,
		},
		{ name: `${page} → usable (p50)`, value: median(usual, 'first'), unit: 's' },
		{
			name: `${page} → usable, CPU time (p50)`,
			value: median(usual, 'cpu'),
			unit: 's',
			target: USABLE_S / SLOWDOWN,
		},
		{
			name: `${page} → usable, ${slower}`,
			value: median(slow, 'first'),
			unit: 's',
			target: USABLE_S,
		},
		{
			name: `${page}, reloaded → usable, ${slower}`,
			value: median(slow, 'again'),
			unit: 's',
			target: USABLE_S,
		},
	];
}

/** Kilobytes on the wire for who comes by its address with an empty cache, until the prompt is there. */
async function weigh({ browser, lesson }: Classroom): Promise<number> {
	const { page, context } = await newPerson(browser);
	try {
		await joinClass(page, lesson.origin, lesson.joinCode, 'Weighed');
		await openLab(page, 'First Dockerfile');
		const cdp = await context.newCDPSession(page);
		let transferred = 0;
		cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
			transferred += encodedDataLength;
		});
		await cdp.send('Network.enable');
		await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
		await page.reload();
		await new WorkspacePage(page).waitForPrompt();
		return transferred / 1000;
	} finally {
		await context.close();
	}
}

async function open(
	{ browser, lesson }: Classroom,
	name: string,
	slowdown: number,
): Promise<Opening> {
	const { page, context } = await newPerson(browser);
	try {
		await installClock(context);
		await joinClass(page, lesson.origin, lesson.joinCode, name);
		// They look at the list of labs for a moment; the page makes use of it.
		await page.waitForLoadState('networkidle');
		const cdp = await context.newCDPSession(page);
		// Throttling spins, and would count; so the CPU's time is taken without.
		await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
		const cpuBefore = await cpuSeconds();
		await cdp.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
		await openLab(page, 'First Dockerfile');
		const usable = await typedAt(page, 'first');
		const first = (usable - (await clickedAt(page))) / 1000;
		const cpu = (await cpuSeconds()) - cpuBefore;
		await new WorkspacePage(page).expectStatus('Saved');
		await page.reload({ waitUntil: 'commit' });
		const began = await page.evaluate(() => performance.timeOrigin);
		const again = ((await typedAt(page, 'again')) - began) / 1000;
		return { first, cpu, again };

		async function cpuSeconds(): Promise<number> {
			const { metrics } = await cdp.send('Performance.getMetrics');
			return metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? Number.NaN;
		}
	} finally {
		await context.close();
	}
}

/** When keys that were pressed as soon as there was a text to type into showed in it. */
async function typedAt(page: Page, word: string): Promise<number> {
	await page.evaluate((selector) => window.bench.sight(selector, /./), EDITOR);
	await page.evaluate((selector) => document.querySelector<HTMLElement>(selector)!.focus(), EDITOR);
	const shown = page.evaluate(
		([selector, typed]) => window.bench.sight(selector, new RegExp(typed)),
		[EDITOR, `zz${word}`] as const,
	);
	await page.keyboard.type(`zz${word}`);
	return shown;
}
