// Real browsers for the people of a lesson, each in a profile of their own.

import {
	chromium,
	type Browser,
	type BrowserContext,
	type BrowserContextOptions,
	type LaunchOptions,
	type Page,
} from 'playwright-core';

/** Debian's package; anything else by CHROMIUM. */
const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

export async function launchBrowser(options: LaunchOptions = {}): Promise<Browser> {
	return chromium.launch({
		...options,
		executablePath: EXECUTABLE,
		args: [
			// Tests may run as root, where Chromium's own sandbox can't start.
			'--no-sandbox',
			'--disable-gpu',
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync',
		],
	});
}

/** One person at one laptop. */
export interface Person {
	page: Page;
	context: BrowserContext;
	/** Errors that the page printed; network losses that a test caused itself are not among them. */
	consoleErrors: string[];
}

// A killed server's lost connections are reported by the browser itself and can't be silenced.
const CAUSED_BY_KILLS =
	/net::ERR_|WebSocket connection to|Failed to load resource: the server responded with a status of 50[234]/;

export async function newPerson(
	browser: Browser,
	options: BrowserContextOptions = {},
): Promise<Person> {
	const context = await browser.newContext({
		...options,
		viewport: { width: 1440, height: 900 },
		reducedMotion: 'reduce',
	});
	const page = await context.newPage();
	page.setDefaultTimeout(20_000);
	const consoleErrors: string[] = [];
	page.on('console', (message) => {
		const text = `${message.text()} (${message.location().url})`;
		if (message.type() === 'error' && !CAUSED_BY_KILLS.test(text)) consoleErrors.push(text);
	});
	page.on('pageerror', (error) => consoleErrors.push(error.stack ?? error.message));
	return { page, context, consoleErrors };
}
