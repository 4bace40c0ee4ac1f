// Times taken inside a page, as events happen there, on the machine's clock (milliseconds).

import type { BrowserContext, Page } from 'playwright-core';

interface Bench {
	now(): number;
	/** Of each key that went down since the page opened or the list was emptied. */
	keys: number[];
	/** When an element like this first had a text like that. */
	sight(selector: string, pattern: RegExp): Promise<number>;
	/** When the terminal first showed a prompt. */
	prompt: Promise<number>;
	/** When the last line in the editor reached 1, 2, 3 … characters; filled from `watchLine` on. */
	lengths: number[];
	watchLine(): void;
}

declare global {
	interface Window {
		bench: Bench;
	}
}

/** A page whose clock is further than this from the machine's measures nothing. */
const CLOCK_TOLERANCE_MS = 5;

/** For pages that open from now on. */
export async function installClock(context: BrowserContext): Promise<void> {
	await context.addInitScript(instrument);
}

/** Runs in the page before its own scripts; nothing from outside is in its reach. */
function instrument(): void {
	const now = () => performance.timeOrigin + performance.now();
	const keys: number[] = [];
	const lengths: number[] = [];
	const everything = { subtree: true, childList: true, characterData: true };
	addEventListener('keydown', () => keys.push(now()), true);
	// A click on a link ends the page, so what follows reads it from the tab's storage.
	addEventListener('click', () => sessionStorage.setItem('bench-click', String(now())), true);

	const sight = (selector: string, pattern: RegExp) =>
		new Promise<number>((resolve) => {
			const look = () => {
				const seen = Array.from(document.querySelectorAll(selector)).some(({ textContent }) =>
					pattern.test(textContent.replaceAll('\u00a0', ' ')),
				);
				if (!seen) return;
				observer.disconnect();
				resolve(now());
			};
			const observer = new MutationObserver(look);
			observer.observe(document, everything);
			look();
		});

	const lastLine = (content: Element) => {
		const line = content.querySelector('.cm-line:last-child')?.cloneNode(true) as HTMLElement;
		for (const caret of line.querySelectorAll('.cm-peer')) caret.remove();
		return line.textContent.replace(/[\u2060\u200b]/g, '');
	};
	const watchLine = () => {
		const content = document.querySelector('[data-testid="editor"] .cm-content')!;
		lengths.length = 0;
		new MutationObserver(() => {
			const at = now();
			for (const { length } = lastLine(content); lengths.length < length;) lengths.push(at);
		}).observe(content, everything);
	};
	const prompt = sight('[data-testid="terminal"] .xterm-rows > div', /\$ *$/);
	window.bench = { now, keys, lengths, sight, watchLine, prompt };
}

/** When the person last clicked in this tab. */
export const clickedAt = (page: Page): Promise<number> =>
	page.evaluate(() => Number(sessionStorage.getItem('bench-click')));

/** Begins to note how the last line of the open file grows. */
export async function watchLine(page: Page): Promise<void> {
	const drift = await page.evaluate(() => window.bench.now() - Date.now());
	if (Math.abs(drift) > CLOCK_TOLERANCE_MS) {
		throw new Error(`The page's clock is ${drift} ms from the machine's.`);
	}
	await page.evaluate(() => window.bench.watchLine());
}

/** When it reached 1 … `count` characters. */
export async function lineLengths(page: Page, count: number): Promise<number[]> {
	await page.waitForFunction((wanted) => window.bench.lengths.length >= wanted, count);
	return page.evaluate(() => window.bench.lengths);
}

/** What lies between two events, one sample each. */
export function differences(from: readonly number[], to: readonly number[]): number[] {
	if (from.length !== to.length) {
		throw new Error(`${from.length} events began, but ${to.length} arrived.`);
	}
	return from.map((start, index) => to[index]! - start);
}
