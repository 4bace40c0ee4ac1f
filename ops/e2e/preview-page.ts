// A student's app as the page shows it, and what a hostile one tries from there.

import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core';
import { expect } from 'vitest';
import { newPerson, type Person } from './people.ts';
import { eventually, WorkspacePage } from './workspace-page.ts';

/** Serves these files from the sandbox's shell, on `port`. */
export function serveFiles(port: number, files: Record<string, string>): string {
	const writes = Object.entries(files).map(
		([name, content]) => `echo ${Buffer.from(content).toString('base64')} | base64 -d > ${name}`,
	);
	const serve = `setsid python3 -m http.server ${port} >/dev/null 2>&1 &`;
	return `clear; mkdir -p /tmp/${port}; cd /tmp/${port}; ${writes.join('; ')}; ${serve} cd - >/dev/null`;
}

export class PreviewPanel {
	readonly #page: Page;

	constructor(page: Page) {
		this.#page = page;
	}

	async open(): Promise<void> {
		await this.#page.getByRole('button', { name: /^Preview/ }).click();
	}

	/** Waits until the list has it, then shows it. */
	async choose(port: number, path = '/'): Promise<void> {
		const panel = this.#page.getByRole('region', { name: 'Preview' });
		const option = panel.locator(`option[value="${port}"]`).filter({ hasNotText: 'no answer' });
		await option.waitFor({ state: 'attached' });
		await panel.getByLabel('Port').selectOption(String(port));
		const address = panel.getByLabel('Path');
		await address.fill(path);
		await address.press('Enter');
	}

	async shows(text: string): Promise<void> {
		await this.#page.frameLocator('iframe[title^="The app"]').getByText(text).first().waitFor();
	}

	/** The app's own frame, once it shows `text`. */
	async frame(text: string): Promise<Frame> {
		await this.shows(text);
		let found: Frame | undefined;
		await eventually(async () => {
			const element = await this.#page.locator('iframe[title^="The app"]').elementHandle();
			found = (await element?.contentFrame()) ?? undefined;
			if (!found) throw new Error('the app has no frame');
		});
		return found!;
	}
}

/** Whoever looks at a hostile app in their workspace loses nothing by it. */
export async function expectNothingTaken(
	browser: Browser,
	{ page: own, context: mine }: Person,
	app: { ours: string; port: number; says: string },
	options: BrowserContextOptions = {},
): Promise<void> {
	// In a window of its own: what a browser refuses, it says on the console.
	const storageState = await mine.storageState();
	const { page, context } = await newPerson(browser, { ...options, storageState });
	await page.goto(own.url());
	await new WorkspacePage(page).waitForEditor();
	const panel = new PreviewPanel(page);
	await panel.open();
	await panel.choose(app.port);
	const frame = await panel.frame(app.says);
	const before = await context.cookies(app.ours);
	expect(await raid(frame, app.ours)).toEqual({
		...{ cookie: null, ours: null, api: null, framed: null },
		...{ top: null, opener: null, storage: null },
	});
	const framed = page.frames().filter((each) => each.url().startsWith(`${app.ours}/classes`));
	expect(framed).toEqual([]);
	expect(await context.cookies(app.ours)).toEqual(before);
	expect(new URL(page.url()).pathname).toMatch(/^\/w\//);
	await page.reload();
	await new WorkspacePage(page).waitForEditor();
	await context.close();
}

type Loot = Record<
	'cookie' | 'ours' | 'api' | 'framed' | 'top' | 'opener' | 'storage',
	string | null
>;

/** What a page of the app gets when it reaches for `ours`; nothing, if all is well. */
function raid(frame: Frame, ours: string): Promise<Loot> {
	return frame.evaluate(async (origin): Promise<Loot> => {
		const attempt = async (what: () => unknown): Promise<string | null> => {
			try {
				return String((await what()) ?? '') || null;
			} catch {
				return null;
			}
		};
		for (const domain of ['localhost', new URL(origin).hostname]) {
			await attempt(() => (document.cookie = `containrlab_session=x; domain=${domain}; path=/`));
		}
		// A form needs no permission to be sent.
		await attempt(async () => {
			const sink = Object.assign(document.createElement('iframe'), { name: 'sink' });
			const form = document.createElement('form');
			Object.assign(form, { method: 'post', action: `${origin}/signout`, target: 'sink' });
			document.body.append(sink, form);
			const answered = new Promise((resolve) => (sink.onload = resolve));
			form.submit();
			await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 3000))]);
		});
		return {
			cookie: await attempt(() => /containrlab\w*/.exec(document.cookie)?.[0]),
			ours: await attempt(() => window.parent.document.title),
			api: await attempt(async () => {
				const asked = await fetch(`${origin}/api/me`, { credentials: 'include' });
				return asked.text();
			}),
			framed: await attempt(async () => {
				const frame = document.createElement('iframe');
				const loaded = new Promise((resolve) => (frame.onload = resolve));
				frame.src = `${origin}/classes`;
				document.body.append(frame);
				await loaded;
				return frame.contentDocument?.title ?? null;
			}),
			top: await attempt(() => {
				window.top!.location.href = 'about:blank';
			}),
			opener: await attempt(() => window.opener as unknown),
			storage: await attempt(() => window.parent.localStorage.length),
		};
	}, ours);
}
