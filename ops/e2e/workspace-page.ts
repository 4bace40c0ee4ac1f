// A workspace page as a person uses it: by what is on the screen, with keyboard and mouse.

import { setTimeout as delay } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

const SOON_MS = 20_000;

type Pattern = string | RegExp;

function expectMatch(text: string, pattern: Pattern): void {
	if (typeof pattern === 'string') expect(text).toContain(pattern);
	else expect(text).toMatch(pattern);
}

/** The screen follows what was done on it; `check` must come true within `timeout` ms. */
export async function eventually(check: () => Promise<void>, timeout = SOON_MS): Promise<void> {
	for (const end = performance.now() + timeout; ; await delay(50)) {
		try {
			return await check();
		} catch (error) {
			if (performance.now() > end) throw error;
		}
	}
}

export class WorkspacePage {
	readonly page: Page;
	readonly guide: Locator;
	readonly tree: Locator;
	readonly terminalPane: Locator;
	readonly verdict: Locator;
	readonly submitButton: Locator;

	constructor(page: Page) {
		this.page = page;
		this.guide = page.getByRole('region', { name: 'Guide' });
		this.tree = page.getByRole('tree');
		this.terminalPane = page.getByTestId('terminal');
		this.verdict = page.getByRole('region', { name: 'Verdict' });
		this.submitButton = page.getByRole('button', { name: 'Submit' });
	}

	/** The address of this workspace's document socket. */
	syncUrl(): string {
		const url = new URL(this.page.url());
		const workspace = url.pathname.split('/')[2];
		return `ws://${url.host}/sync/workspace:${workspace}?ack=1`;
	}

	terminalUrl(): string {
		const url = new URL(this.page.url());
		return `ws://${url.host}/terminal/${url.pathname.split('/')[2]}/1`;
	}

	// ── Files ────────────────────────────────────────────────────────────────────────────────────

	async waitForEditor(): Promise<void> {
		await this.page.getByRole('treeitem').first().waitFor();
	}

	file(name: string): Locator {
		return this.page
			.getByRole('treeitem')
			.filter({ has: this.page.getByText(name, { exact: true }) });
	}

	async expectFile(name: string): Promise<void> {
		await this.file(name).first().waitFor();
	}

	async expectNoFile(name: string): Promise<void> {
		await this.file(name).first().waitFor({ state: 'detached' });
	}

	async openFile(name: string): Promise<void> {
		await this.file(name).first().click();
		await this.page.getByRole('tab', { selected: true }).filter({ hasText: name }).waitFor();
	}

	async createFile(path: string): Promise<void> {
		await this.page.getByRole('button', { name: 'New file' }).click();
		const input = this.page.getByLabel('Name of the new file');
		await input.fill(path);
		await input.press('Enter');
		await this.openFile(path.split('/').at(-1)!);
	}

	/** Creates the file with this content unless it is there. */
	async ensureFile(name: string, text: string): Promise<void> {
		if ((await this.file(name).count()) > 0) return;
		await this.createFile(name);
		await this.replaceText(text);
	}

	async renameFile(name: string, path: string): Promise<void> {
		await this.file(name).first().focus();
		await this.page.keyboard.press('F2');
		const input = this.page.getByLabel(/^New name of/);
		await input.fill(path);
		await input.press('Enter');
	}

	async deleteFile(name: string): Promise<void> {
		await this.file(name).first().focus();
		await this.page.keyboard.press('Delete');
	}

	// ── Editor ───────────────────────────────────────────────────────────────────────────────────

	private get content(): Locator {
		return this.page.getByTestId('editor').locator('.cm-content');
	}

	/** The open file's text; the carets of others aren't part of it. */
	async text(): Promise<string> {
		return this.content.evaluate((content) =>
			Array.from(content.querySelectorAll('.cm-line'), (line) => {
				const bare = line.cloneNode(true) as HTMLElement;
				for (const caret of bare.querySelectorAll('.cm-peer')) caret.remove();
				return (bare.textContent ?? '').replace(/[\u2060\u200b]/g, '');
			}).join('\n'),
		);
	}

	async expectText(text: string): Promise<void> {
		await eventually(async () => expect(await this.text()).toBe(text));
	}

	async expectTextMatching(pattern: RegExp): Promise<void> {
		await eventually(async () => expect(await this.text()).toMatch(pattern));
	}

	async replaceText(text: string): Promise<void> {
		await this.content.focus();
		await this.page.keyboard.press('Control+A');
		await this.page.keyboard.press('Delete');
		await this.insert(text);
	}

	async typeAtEnd(text: string): Promise<void> {
		await this.content.focus();
		await this.page.keyboard.press('Control+End');
		await this.insert(text);
	}

	async typeAtStart(text: string): Promise<void> {
		await this.content.focus();
		await this.page.keyboard.press('Control+Home');
		await this.insert(text);
	}

	async deleteBackwards(characters: number): Promise<void> {
		for (let i = 0; i < characters; i += 1) await this.page.keyboard.press('Backspace');
	}

	async copyAll(): Promise<void> {
		await this.content.focus();
		await this.page.keyboard.press('Control+A');
		await this.page.keyboard.press('Control+C');
	}

	async pasteAtEnd(): Promise<void> {
		await this.content.focus();
		await this.page.keyboard.press('Control+End');
		await this.page.keyboard.press('Control+V');
	}

	async undo(): Promise<void> {
		await this.content.focus();
		await this.page.keyboard.press('Control+Z');
	}

	/** Types; brackets go in as a paste would put them, or the editor would close them too. */
	private async insert(text: string): Promise<void> {
		for (const [index, line] of text.split('\n').entries()) {
			if (index > 0) await this.page.keyboard.press('Enter');
			if (/[[\](){}'"<]/.test(line)) await this.page.keyboard.insertText(line);
			else await this.page.keyboard.type(line);
		}
	}

	async expectCursorOf(name: string): Promise<void> {
		await this.page
			.locator('.cm-peer-name')
			.filter({ hasText: name })
			.first()
			.waitFor({ state: 'attached' });
	}

	async expectStatus(status: 'Saved' | 'Saving' | 'Offline', timeout = SOON_MS): Promise<void> {
		const shown = this.page.getByTestId('save-status');
		await eventually(async () => expect(await shown.innerText()).toContain(status), timeout);
	}

	// ── Terminal ─────────────────────────────────────────────────────────────────────────────────

	/** What the terminal shows, as lines without trailing blanks. */
	async terminalText(): Promise<string> {
		return this.terminalPane.evaluate((host) =>
			Array.from(host.querySelectorAll('.xterm-rows > div'), (row) =>
				(row.textContent ?? '').replaceAll('\u00a0', ' ').trimEnd(),
			).join('\n'),
		);
	}

	async expectTerminal(pattern: Pattern, timeout = SOON_MS): Promise<void> {
		await eventually(async () => expectMatch(await this.terminalText(), pattern), timeout);
	}

	async waitForPrompt(): Promise<void> {
		await this.expectTerminal(/\$\s*$/m, 60_000);
	}

	/** Types a line at the prompt. */
	async run(command: string): Promise<void> {
		await this.typeIntoTerminal(`${command}\n`);
	}

	async typeIntoTerminal(keys: string): Promise<void> {
		await this.terminalPane.locator('textarea').focus();
		for (const [index, line] of keys.split('\n').entries()) {
			if (index > 0) await this.page.keyboard.press('Enter');
			for (const [n, part] of line.split('\u001b').entries()) {
				if (n > 0) await this.page.keyboard.press('Escape');
				if (part) await this.page.keyboard.type(part);
			}
		}
	}

	/** Selects a line of the screen that is this word alone, and copies it. */
	async copyFromTerminal(word: string): Promise<void> {
		const line = this.terminalPane.locator('.xterm-rows > div').filter({ hasText: word }).last();
		const box = await line.boundingBox();
		// Three clicks select a line of a terminal, whose screen lies over its rows.
		await this.page.mouse.click(box!.x + 8, box!.y + 8, { clickCount: 3 });
		await this.page.keyboard.press('Control+Shift+C');
	}

	async pasteIntoTerminal(): Promise<void> {
		await this.terminalPane.locator('textarea').focus();
		await this.page.keyboard.press('Control+Shift+V');
	}

	/** Sends input over a socket of its own, past the page's own manners. */
	async sendCraftedTerminalInput(text: string): Promise<void> {
		await this.page.evaluate(
			([url, input]) =>
				new Promise<void>((resolve, reject) => {
					const socket = new WebSocket(url!);
					socket.binaryType = 'arraybuffer';
					socket.onopen = () => {
						socket.send(new TextEncoder().encode(input));
						socket.send(JSON.stringify({ type: 'resize', cols: 20, rows: 5 }));
						socket.send(JSON.stringify({ type: 'take-back' }));
						socket.send(new TextEncoder().encode(input));
					};
					socket.onmessage = (event) => {
						if (typeof event.data !== 'string' || !event.data.includes('"refused"')) return;
						socket.close();
						resolve();
					};
					socket.onerror = () => reject(new Error('the crafted socket was not let in'));
				}),
			[this.terminalUrl(), text],
		);
	}

	/** Clicks on the beginning of a line of the terminal, which is a link. */
	async followTerminalLink(link: string): Promise<void> {
		await this.expectTerminal(new RegExp(`^${link}$`, 'm'));
		const line = this.terminalPane.locator('.xterm-rows > div').getByText(link, { exact: true });
		const { x, y, height } = (await line.last().boundingBox())!;
		// The screen lies over its rows, and looks for links where the mouse is.
		await this.page.mouse.move(x + 30, y + height / 2);
		await this.terminalPane.locator('.xterm-cursor-pointer').waitFor();
		await this.page.mouse.click(x + 30, y + height / 2);
	}

	/** Turns the mouse wheel up over the terminal until `text` comes into view. */
	async scrollTerminalUpTo(text: string): Promise<void> {
		await this.terminalPane.hover();
		await eventually(async () => {
			await this.page.mouse.wheel(0, -120);
			expectMatch(await this.terminalText(), text);
		});
	}

	async expectWatcher(name: string): Promise<void> {
		await this.page.getByTestId('terminal-watchers').filter({ hasText: name }).waitFor();
	}

	/** The process id of the shell behind the terminal. */
	async shellPid(): Promise<string> {
		const mark = `pid${Math.random().toString(36).slice(2, 8)}`;
		await this.run(`clear; echo ${mark}"="$$`);
		await this.expectTerminal(new RegExp(`${mark}=\\d+`));
		return new RegExp(`${mark}=(\\d+)`).exec(await this.terminalText())![1]!;
	}

	// ── Verdict ──────────────────────────────────────────────────────────────────────────────────

	async submit(): Promise<void> {
		await this.submitButton.click();
	}

	async expectPhase(phase: string): Promise<void> {
		await this.verdict
			.locator(`[data-phase="${phase}"]:not([data-status="waiting"])`)
			.waitFor({ timeout: 60_000 });
	}

	/** The number of the newest attempt; 0 before the first. */
	async attemptCount(): Promise<number> {
		const text = await this.verdict.innerText();
		return Number(/attempt (\d+)/.exec(text)?.[1] ?? 0);
	}

	/** The verdict of attempt `number` as it shows. */
	async expectVerdict(status: 'passed' | 'failed', number: number, timeout: number): Promise<void> {
		await this.verdict.getByText(new RegExp(`attempt ${number},`)).waitFor();
		await this.verdict
			.locator('[data-testid="verdict"]')
			.waitFor({ timeout })
			.catch((cause: unknown) => {
				throw new Error(`attempt ${number} has no verdict after ${timeout} ms`, { cause });
			});
		const shown = this.verdict.getByTestId('verdict');
		expect(await shown.getAttribute('data-status'), await shown.innerText()).toBe(status);
	}

	async expectVerdictText(pattern: Pattern): Promise<void> {
		await eventually(async () => expectMatch(await this.verdict.innerText(), pattern));
	}

	// ── The page itself ──────────────────────────────────────────────────────────────────────────

	/** Leaves a mark that a reload would wipe. */
	async markPage(): Promise<void> {
		await this.page.evaluate(() => Object.assign(window, { lessonMark: true }));
	}

	async expectUnreloaded(): Promise<void> {
		expect(await this.page.evaluate(() => 'lessonMark' in window)).toBe(true);
	}
}
