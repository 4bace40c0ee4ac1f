// A lesson on the network: from an address that isn't this computer's own, first over plain http,
// where browsers withhold what they call a secure context, then over TLS with our own certificate.

import { networkInterfaces } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { joinClass, openLab, signIn } from './classroom.ts';
import { startLesson, type Lesson } from './lesson.ts';
import type { Person } from './people.ts';
import { expectNothingTaken, PreviewPanel, serveFiles } from './preview-page.ts';
import { useLesson } from './room.ts';
import { countStreams } from './stream-counter.ts';
import { WorkspacePage } from './workspace-page.ts';

/** Any will do, a container bridge's too: what counts is that it isn't loopback. */
const address = Object.values(networkInterfaces())
	.flatMap((each) => each ?? [])
	.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

describe.skipIf(address === undefined)('a class on the network', () => {
	const room = useLesson(() => startLesson('lan', { args: ['--lan', '--host', address!] }));
	let lesson: Lesson;
	beforeAll(() => {
		({ lesson } = room);
	});

	it('teaches over plain http', async () => {
		expect(lesson.origin).toMatch(`http://${address}:`);
		const student = await room.person();
		await theLesson(student, 'Ada');
		expect(await student.page.evaluate(() => isSecureContext)).toBe(false);
		const cookies = await student.context.cookies();
		expect(cookies.length).toBeGreaterThan(0);
		for (const cookie of cookies) {
			expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', secure: false });
		}
	});

	it('shows the way in on the wall, and who has come', async () => {
		const { page } = await room.person();
		await signIn(page, lesson.origin, lesson.instructor);
		await page.goto(await projectorOf(page.url()));
		await page.getByText(`${lesson.origin.replace('http://', '')}/j`).waitFor();
		await page.getByText(/1\s*joined/).waitFor();
		await page.getByText(/1\s*here now/).waitFor();
		const local = lesson.origin.replace(address!, 'localhost');
		await signIn(page, local, lesson.instructor);
		await page.goto(await projectorOf(page.url()));
		// What only this computer can open helps nobody in the room.
		await page.getByText(`${lesson.origin.replace('http://', '')}/j`).waitFor();

		async function projectorOf(classes: string): Promise<string> {
			await page.getByRole('link', { name: 'Docker 101' }).click();
			await page.waitForURL('**/classes/*');
			expect(page.url()).not.toBe(classes);
			return `${page.url()}/projector`;
		}
	});

	it('holds one event stream for seven tabs of a browser', async () => {
		await using counter = await countStreams(lesson.origin);
		const { page, context } = await room.person();
		await signIn(page, counter.origin, lesson.instructor);
		await page.getByRole('link', { name: 'Docker 101' }).click();
		await page.waitForURL('**/classes/*');
		const projector = `${page.url()}/projector`;
		// One more than the connections that a browser opens to one origin.
		const tabs = [page, ...(await Promise.all(Array.from({ length: 6 }, () => context.newPage())))];
		for (const tab of tabs) {
			await tab.goto(projector);
			await tab.getByText('here now').waitFor();
		}
		await expect.poll(() => counter.open, { timeout: 20_000 }).toBe(1);
		expect(counter.most).toBe(1);
		// All of them hear what it tells.
		const late = await room.person();
		await joinClass(late.page, lesson.origin, lesson.joinCode, 'Grace');
		await Promise.all(tabs.map((tab) => tab.getByText(/2\s*joined/).waitFor()));
		expect(counter.most).toBe(1);
		await context.close();
	});

	it('teaches over TLS, and leads there whoever types http', async () => {
		const before = lesson.origin;
		await lesson.restart(['--lan', '--tls', '--host', address!]);
		expect(lesson.origin).toBe(before.replace('http:', 'https:'));
		const student = await room.person({ ignoreHTTPSErrors: true });
		await student.page.goto(before);
		expect(student.page.url()).toBe(`${lesson.origin}/`);
		await theLesson(student, 'Edsger');
		const cookies = await student.context.cookies();
		expect(cookies.map(({ secure }) => secure)).not.toContain(false);
	});

	it('prints no error on any console', () => {
		expect(room.people.flatMap(({ consoleErrors }) => consoleErrors)).toEqual([]);
	});

	async function theLesson(person: Person, name: string): Promise<void> {
		const { page } = person;
		const typed = lesson.joinCode.toLowerCase().replace(/^(.....)/, '$1-');
		await page.goto(`${lesson.origin}/j/${typed}`);
		expect(page.url()).toBe(`${lesson.origin}/join/${lesson.joinCode}`);
		await joinClass(page, lesson.origin, lesson.joinCode, name);
		await openLab(page, 'First Dockerfile');
		const view = new WorkspacePage(page);
		await view.waitForEditor();
		await view.openFile('Dockerfile');
		await view.replaceText('FROM nosuchimage\n');
		await view.expectStatus('Saved');
		await view.waitForPrompt();
		await view.run(`clear; echo ${name.toLowerCase()}-$((6*7))`);
		await view.expectTerminal(`${name.toLowerCase()}-42`);

		// An app with addresses from the root on, in a page that has no origin.
		const app =
			'fetch("/data.txt").then((answer) => answer.text()).then((text) => {' +
			'document.body.append(text + " as " + origin + ", cookies: " + document.cookie); });';
		const index = '<body><script type="module" src="/app.js"></script></body>';
		await view.run(serveFiles(5000, { 'index.html': index, 'app.js': app, 'data.txt': 'fetched' }));
		const panel = new PreviewPanel(page);
		await panel.open();
		await panel.choose(5000);
		await panel.shows('fetched as null, cookies: ');
		const hostile = { ours: lesson.origin, port: 5000, says: 'fetched as null' };
		await expectNothingTaken(room.browser, person, hostile, { ignoreHTTPSErrors: true });
		await page.getByRole('button', { name: 'Verdict', exact: true }).click();
		await view.run(`clear; echo ${name.toLowerCase()}-$((6*7))`);
		await view.expectTerminal(`${name.toLowerCase()}-42`);

		// Out of the terminal into the editor, and out of the editor into the terminal.
		await view.copyFromTerminal(`${name.toLowerCase()}-42`);
		await view.pasteAtEnd();
		await view.expectTextMatching(new RegExp(`${name.toLowerCase()}-42`));
		await view.replaceText('# FROM nosuchimage');
		await view.copyAll();
		await view.pasteIntoTerminal();
		await view.expectTerminal('$ # FROM nosuchimage');

		await view.replaceText('FROM nosuchimage\n');
		await view.expectStatus('Saved');
		await view.submit();
		await view.expectVerdict('failed', 1, 120_000);
		await view.expectVerdictText('nosuchimage');
	}
});
