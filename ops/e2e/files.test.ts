// Files in a real browser: uploaded, shown as what they are, taken home, searched, formatted, and helped
// with in the editor. web and sync are real; no sandbox is needed for any of it.

import { readFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SESSION_COOKIE } from '../../web/src/server/auth.ts';
import { startServices, type TestServices } from '../../web/testing-services.ts';
import { BUILD_MS, Browser as Visitor, LAB } from '../../web/testing.ts';
import { launchBrowser, newPerson, type Person } from './people.ts';
import { keepScreensOfFailures } from './room.ts';
import { WorkspacePage } from './workspace-page.ts';

const PNG = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAEElEQVR4nGNQKt8NRAwoFABQKwf5T8zzHQAAAABJRU5ErkJggg==',
	'base64',
);
const file = (name: string, content: string | Buffer) => ({
	...{ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) },
});

describe('files in the browser', () => {
	let services: TestServices;
	let browser: Browser;
	let student: Person;
	let page: Page;
	let view: WorkspacePage;
	const elsewhere: string[] = [];

	beforeAll(async () => {
		services = await startServices();
		const { web, room } = services;
		const visitor = await new Visitor(web.url).signIn(room.people.student.email);
		const workspace = await visitor.openLab(room.class.id);

		browser = await launchBrowser();
		student = await newPerson(browser);
		({ page } = student);
		await student.context.addCookies([
			{ name: SESSION_COOKIE, value: visitor.cookie!, url: web.url, httpOnly: true },
		]);
		page.on('request', (request) => {
			if (new URL(request.url()).host !== new URL(web.url).host) elsewhere.push(request.url());
		});
		view = new WorkspacePage(page);
		await page.goto(`${web.url}/w/${workspace}`);
		await view.waitForEditor();
	}, BUILD_MS);
	keepScreensOfFailures(() => [student]);
	afterAll(async () => {
		await browser?.close();
		await services?.[Symbol.asyncDispose]();
	});

	const choose = (...files: ReturnType<typeof file>[]) =>
		page.getByTestId('upload-files').setInputFiles(files);
	const says = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();

	/** As dragged from the desktop onto `onto`. */
	async function drop(onto: Locator, name: string, content: string, times = 1): Promise<void> {
		const dataTransfer = await page.evaluateHandle(
			([fileName, text, count]) => {
				const transfer = new DataTransfer();
				transfer.items.add(new File([text.repeat(count)], fileName));
				return transfer;
			},
			[name, content, times] as const,
		);
		await onto.dispatchEvent('dragover', { dataTransfer });
		await onto.dispatchEvent('drop', { dataTransfer });
	}

	describe('uploading', () => {
		it('takes text and pictures, by button and by drop onto a folder', async () => {
			await choose(file('pixels.png', PNG), file('windows.txt', 'one\r\ntwo\r\n'));
			await view.expectFile('pixels.png');
			await view.openFile('windows.txt');
			await view.expectText('one\ntwo\n');
			await view.createFile('site/index.html');
			await drop(view.file('site'), 'style.css', 'body {}');
			await view.file('style.css').and(page.locator('[data-path="site/style.css"]')).waitFor();
			await view.expectStatus('Saved');
		});

		it('asks about a name that is taken', async () => {
			await choose(file('windows.txt', 'zero\r\none\r\n'));
			await page.getByRole('button', { name: 'Keep both' }).click();
			await view.expectFile('windows (2).txt');
			await view.openFile('windows.txt');
			await view.expectText('one\ntwo\n');
			await choose(file('windows.txt', 'one\r\n2\r\n'));
			await page.getByRole('button', { name: 'Replace' }).click();
			await view.expectText('one\n2\n');
		});

		it('says what it can’t take, and why', async () => {
			await drop(view.tree, 'huge.iso', '123456789', 1_000_000);
			await says('It has 9 MB; a file may have 8 MB.');
			await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
			await choose(file('a\\b', 'x'));
			await says('characters that can');
			await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
		});

		it('loses nothing when the server can’t be reached, and tries again', async () => {
			await page.route('**/blobs', (route) => route.abort(), { times: 1 });
			await choose(file('seal.bin', Buffer.from([0, 1, 2, 0x46, 0x52])));
			await says('The server could not be reached.');
			await view.expectNoFile('seal.bin');
			await page.getByRole('button', { name: 'Try again' }).click();
			await view.expectFile('seal.bin');
		});
	});

	it('shows pictures as pictures, other bytes as bytes, and gives them back', async () => {
		await view.openFile('pixels.png');
		await says('PNG image');
		await says('2 × 3 pixels');
		await view.openFile('seal.bin');
		await says('00 01 02 46 52');
		const waiting = page.waitForEvent('download');
		await page.getByTestId('binary').getByRole('link', { name: 'Download' }).click();
		const download = await waiting;
		expect(download.suggestedFilename()).toBe('seal.bin');
		expect([...(await readFile(await download.path()))]).toEqual([0, 1, 2, 0x46, 0x52]);
	});

	it('downloads all of it as a zip', async () => {
		const waiting = page.waitForEvent('download');
		await page.getByRole('link', { name: 'Download all as zip' }).click();
		const download = await waiting;
		expect(download.suggestedFilename()).toBe(`${LAB}-ada.zip`);
		expect((await readFile(await download.path())).subarray(0, 2).toString()).toBe('PK');
	});

	it('finds words in all files, and goes there', async () => {
		await view.openFile('windows.txt');
		await page.getByTestId('editor').locator('.cm-content').focus();
		await page.keyboard.press('Control+Shift+F');
		await page.keyboard.type('ZERO');
		await says('1 match in 1 file');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Enter');
		await page
			.getByRole('tab', { selected: true })
			.filter({ hasText: 'windows (2).txt' })
			.waitFor();
		await page.locator('.cm-flash').filter({ hasText: 'zero' }).waitFor();
		await page.getByRole('button', { name: 'Match case' }).click();
		await says('Nothing found');
		await page.getByRole('button', { name: 'Regular expression' }).click();
		await page.getByLabel('Find in files', { exact: true }).and(page.locator('input')).fill('(');
		await says('This is no regular expression.');
		await page.keyboard.press('Escape');
		expect(await page.getByRole('search').count()).toBe(0);
	});

	it('opens a file by a few letters', async () => {
		await page.keyboard.press('Control+P');
		await page.keyboard.type('dockerf');
		await page.keyboard.press('Enter');
		await page.getByRole('tab', { selected: true }).filter({ hasText: 'Dockerfile' }).waitFor();
	});

	it('formats YAML and JSON by small edits, and leaves alone what it can’t read', async () => {
		await choose(
			file('compose.yaml', '# ours\nservices:\n     web:   # front\n          image: nginx:1.27\n'),
			file('package.json', '{"name": "x",\n"oops" 1}\n'),
		);
		await view.openFile('compose.yaml');
		await page.getByRole('button', { name: 'Format' }).click();
		const formatted = '# ours\nservices:\n  web: # front\n    image: nginx:1.27\n';
		await view.expectText(formatted);
		await view.undo();
		await view.expectTextMatching(/ {10}image/);
		await view.openFile('package.json');
		await page.keyboard.press('Shift+Alt+F');
		await says(/package\.json has a mistake in line 2: A colon is missing/);
		await view.expectText('{"name": "x",\n"oops" 1}\n');
	});

	describe('a Dockerfile', () => {
		it('is completed and explained', async () => {
			await view.openFile('Dockerfile');
			await view.replaceText('FR');
			await page.getByRole('option', { name: /FROM/ }).first().waitFor();
			await page.keyboard.press('Tab');
			await view.expectTextMatching(/^FROM /);
			await page.keyboard.press('Escape');
			await view.replaceText('FROM pyt');
			await page.getByRole('option', { name: 'python:3.13-slim' }).waitFor();
			await page.keyboard.press('Tab');
			// Enter is a new line, whatever is offered.
			await page.keyboard.type('\nEXPOSE 8080\nUSER\n');
			await view.expectText('FROM python:3.13-slim\nEXPOSE 8080\nUSER\n');
			await page
				.locator('.cm-line')
				.filter({ hasText: 'EXPOSE' })
				.hover({ position: { x: 30, y: 8 } });
			await page.locator('.cm-words').filter({ hasText: /port/ }).waitFor();
		});

		it('gets hints as one types, in a list that keys reach, apart from the verdict', async () => {
			await view.replaceText('FROM python:3.13-slim\nCOPPY . .\n');
			await page.locator('.cm-lintRange-error').waitFor();
			await page.getByRole('button', { name: '1 hint' }).waitFor();
			await page.keyboard.press('Alt+6');
			await says('the editor’s, not the judge’s');
			const hint = page.getByRole('button', { name: /Unknown instruction: COPPY/ });
			await hint.waitFor();
			await page.keyboard.press('Enter');
			await page.locator('.cm-flash').filter({ hasText: 'COPPY' }).waitFor();
			expect(await view.verdict.innerText()).not.toContain('COPPY');
			await view.replaceText('FROM python:3.13-slim\n');
			await page.getByRole('button', { name: 'No hints' }).waitFor();
		});

		it('of noise, a megabyte in one line, neither breaks nor holds up the page', async () => {
			const noise = Array.from({ length: 900_000 }, (_, n) =>
				String.fromCharCode(33 + ((n * 7919) % 90)),
			).join('');
			await choose(file('Dockerfile.noise', noise));
			await view.openFile('Dockerfile.noise');
			await page.getByRole('button', { name: '1 hint' }).waitFor();
			await page.keyboard.press('Control+Home');
			await page.keyboard.type('FROM x\n');
			await view.expectTextMatching(/^FROM x\n/);
			await view.expectStatus('Saved');
			await view.openFile('Dockerfile');
			await view.expectText('FROM python:3.13-slim\n');
		});
	});

	it('asks no other server, and prints no error', () => {
		expect(elsewhere).toEqual([]);
		expect(student.consoleErrors).toEqual([]);
	});
});
