// The workspace page in a browser that has never been here: its bytes, the work that it is for the
// browser, and on a slow machine the time until one can type.

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
const TYPED = 'usable';

interface Opening {
	kilobytes: number;
	/** From the click on a lab's Start until a key that was pressed shows in the editor. */
	seconds: number;
	/** What the page's main thread computed meanwhile, whatever else the machine did. */
	cpu: number;
}

export async function measureOpening(classroom: Classroom): Promise<Row[]> {
	const usual: Opening[] = [];
	const slow: Opening[] = [];
	for (let n = 1; n <= SAMPLES; n += 1) {
		usual.push(await open(classroom, `Quick ${n}`, 1));
		slow.push(await open(classroom, `Slow ${n}`, SLOWDOWN));
		const [{ kilobytes, cpu }, { seconds }] = [usual.at(-1)!, slow.at(-1)!];
		const words = `${kilobytes.toFixed(0)} KB, ${cpu.toFixed(2)} s of CPU`;
		progress(`workspace page: ${words}; ${SLOWDOWN} × slower usable after ${seconds.toFixed(2)} s`);
	}
	const median = (all: Opening[], key: keyof Opening) =>
		percentile(
			all.map((each) => each[key]),
			50,
		);
	const page = 'workspace page';
	return [
		{
			name: `${page}, compressed`,
			value: percentile(
				usual.map(({ kilobytes }) => kilobytes),
				100,
			),
			unit: 'KB',
			target: 700,
		},
		{ name: `${page} → usable (p50)`, value: median(usual, 'seconds'), unit: 's' },
		{
			name: `${page} → usable, CPU time (p50)`,
			value: median(usual, 'cpu'),
			unit: 's',
			target: USABLE_S / SLOWDOWN,
		},
		{
			name: `${page} → usable, ${SLOWDOWN} × slower CPU (p50)`,
			value: median(slow, 'seconds'),
			unit: 's',
			target: USABLE_S,
		},
	];
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
		const cdp = await context.newCDPSession(page);
		let transferred = 0;
		cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
			transferred += encodedDataLength;
		});
		await cdp.send('Network.enable');
		// What the pages before brought along counts as well.
		await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
		// Throttling spins, and would count; so the CPU's time is taken without.
		await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
		const cpuBefore = await cpuSeconds();
		await cdp.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
		await openLab(page, 'First Dockerfile');
		const editor = '[data-testid="editor"] .cm-content';
		await page.evaluate((selector) => window.bench.sight(selector, /./), editor);
		const shown = page.evaluate(
			([selector, typed]) => window.bench.sight(selector!, new RegExp(typed!)),
			[editor, TYPED],
		);
		await page.locator(editor).focus();
		await page.keyboard.type(TYPED);
		const seconds = ((await shown) - (await clickedAt(page))) / 1000;
		const cpu = (await cpuSeconds()) - cpuBefore;
		// What the page loads once one can type, for the terminal, belongs to its weight as well.
		if (slowdown === 1) await new WorkspacePage(page).waitForPrompt();
		return { kilobytes: transferred / 1000, seconds, cpu };

		async function cpuSeconds(): Promise<number> {
			const { metrics } = await cdp.send('Performance.getMetrics');
			return metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? Number.NaN;
		}
	} finally {
		await context.close();
	}
}
