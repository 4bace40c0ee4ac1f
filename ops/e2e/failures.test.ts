// What goes wrong around a lesson, on the real product and in a real browser: what the student is
// told, and what goes on working. Its rows are in docs/failures.md.

import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endIdleAfter, joinClass, openLab, signIn } from './classroom.ts';
import { startLesson, type Lesson } from './lesson.ts';
import { newPerson, type Person } from './people.ts';
import { useLesson } from './room.ts';
import { SilentNetwork } from './silent-network.ts';
import { smallDisk, type SmallDisk } from './small-disk.ts';
import { WorkspacePage } from './workspace-page.ts';

const RECOVERY_MS = 60_000;
const KEPT_HERE = 'The server can’t store your last changes yet. They are kept in this tab';

describe('failures', () => {
	let disk: SmallDisk;
	let lesson: Lesson;
	// After the lesson that lies on it: hooks that clean up run in reverse.
	afterAll(() => disk?.remove());
	const room = useLesson(async () => {
		disk = await smallDisk('containrlab-failures-');
		return startLesson('failures', { dataDir: disk.dataDir });
	});
	let student: Person;
	let view: WorkspacePage;

	beforeAll(async () => {
		({ lesson } = room);
		student = await room.person();
		await joinClass(student.page, lesson.origin, lesson.joinCode, 'Margaret');
		await openLab(student.page, 'First Dockerfile');
		view = new WorkspacePage(student.page);
		await view.waitForEditor();
		await view.waitForPrompt();
		await view.createFile('journal.txt');
		await view.markPage();
	});

	const strip = () => student.page.getByTestId('sandbox-strip');
	const notice = (page = student.page) => page.getByTestId('document-notice');
	const told = (words: string, page = student.page) =>
		notice(page).filter({ hasText: words }).waitFor({ timeout: RECOVERY_MS });
	const sandboxMenu = async (act: string) => {
		await student.page.getByRole('button', { name: 'Sandbox', exact: true }).click();
		await student.page.getByRole('menuitem', { name: act }).click();
	};
	const idleAfter = async (minutes: string) => {
		const { page, context } = await room.person();
		await signIn(page, lesson.origin, lesson.instructor);
		await page.getByRole('link', { name: 'Docker 101' }).click();
		await page.waitForURL('**/classes/*');
		await endIdleAfter(page, page.url(), minutes);
		await context.close();
	};
	const allWell = async () => {
		await view.expectStatus('Saved', RECOVERY_MS);
		await notice().waitFor({ state: 'detached' });
	};
	const shellIsBack = async () => {
		await strip().waitFor({ state: 'detached', timeout: RECOVERY_MS });
		await student.page.getByText('You are driving').waitFor({ timeout: RECOVERY_MS });
	};

	it('brings back what was deleted, the whole workspace too', async () => {
		await view.typeAtEnd('kept\n');
		await view.expectStatus('Saved');
		await view.run('until grep -q kept journal.txt; do sleep 0.1; done; rm -rf /workspace/*');
		await view.expectNoFile('journal.txt');
		await view.expectNoFile('Dockerfile');
		await student.page.getByText(/^Deleted files/).click();
		await student.page.getByRole('button', { name: 'Restore all' }).click();
		await view.expectFile('Dockerfile');
		await view.openFile('journal.txt');
		await view.expectText('kept\n');
		await view.run('clear; until cat journal.txt; do sleep 0.1; done; ls');
		await view.expectTerminal(/kept[^]*app\.py/);
	});

	it('says that the sandbox was removed, and starts another with all the work', async () => {
		const docker = new Docker();
		const name = `${lesson.instance}-ws-${new URL(student.page.url()).pathname.split('/')[2]}`;
		const container = docker.getContainer(name);
		const { Mounts } = await container.inspect();
		await container.remove({ force: true });
		const volume = Mounts.find((mount) => mount.Destination === '/volume')!.Name!;
		await docker.getVolume(volume).remove();
		await strip()
			.filter({ hasText: 'The sandbox is gone. It was stopped from outside. Your files are safe' })
			.waitFor();
		await view.typeAtEnd('typed without a sandbox\n');
		await view.expectStatus('Saved');
		await student.page.getByRole('button', { name: 'Start again' }).click();
		await shellIsBack();
		await view.run('clear; cat journal.txt; echo end-$((1+1))');
		await view.expectTerminal(/typed without a sandbox\s+end-2/);
	});

	it('stays usable while the terminal floods, and Ctrl-C ends it', async () => {
		// A slow machine falls behind: it is shown one snapshot after another, and keys must pass between.
		const slow = await student.context.newCDPSession(student.page);
		await slow.send('Emulation.setCPUThrottlingRate', { rate: 6 });
		await view.run('clear; yes "a flood of words"');
		await view.expectTerminal('a flood of words\na flood of words');
		await view.typeAtEnd('typed in a flood\n');
		await view.expectText('kept\ntyped without a sandbox\ntyped in a flood\n');
		await view.expectStatus('Saved');
		await view.typeIntoTerminal('');
		await student.page.keyboard.press('Control+C');
		await view.run('clear; echo calm-$((1+1))');
		await view.expectTerminal('calm-2', RECOVERY_MS);
		await slow.detach();
	});

	it('restarts with all that it keeps, and warns before an unused one ends', async () => {
		const { page } = student;
		await view.run('clear; docker volume create things; sleep 1000 & echo made-$((1+1))');
		await view.expectTerminal('made-2');
		// Shorter than the warning: it is there from the beginning.
		await idleAfter('4');
		await sandboxMenu('Restart sandbox…');
		await page.getByRole('button', { name: 'Restart it' }).click();
		await strip().filter({ hasText: 'Preparing your sandbox' }).waitFor();
		await shellIsBack();
		await view.run('clear; docker volume ls -q; pgrep sleep; echo looked-$((1+1))');
		await view.expectTerminal(/things\s+looked-2/);
		const left = page.getByTestId('sandbox-time');
		await left.filter({ hasText: /ends in 3 min [0-4]\d s/ }).waitFor({ timeout: RECOVERY_MS });
		await page
			.getByRole('status')
			.filter({ hasText: 'The sandbox isn’t used: it ends in 4 minutes, unless you press Extend' })
			.waitFor({ state: 'attached' });
		await page.getByRole('button', { name: 'Extend' }).press('Enter');
		await left.filter({ hasText: /ends in (4 min 00|3 min 5\d) s/ }).waitFor();
		await idleAfter('30');
	});

	it('resets to what the lab began with, and gives back what was there', async () => {
		const { page } = student;
		await view.openFile('app.py');
		await view.typeAtEnd('# mine');
		await view.run('clear; until grep -q mine app.py; do sleep 0.1; done; echo there-$((1+1))');
		await view.expectTerminal('there-2');
		await sandboxMenu('Reset workspace…');
		await page.getByLabel('A fresh sandbox, too').check();
		await page.getByText('Images, containers and volumes, every program').waitFor();
		await page.getByRole('button', { name: 'Reset it' }).click();
		await page.getByText('This is where the lab begins.').waitFor();
		await view.expectNoFile('journal.txt');
		await shellIsBack();
		await view.run('clear; docker volume ls -q; grep -c mine app.py; ls; echo fresh-$((1+1))');
		await view.expectTerminal(/^0\s[^]*app\.py[^]*fresh-2/m);
		expect(await view.text()).not.toContain('# mine');
		await page.getByText(/^Deleted files/).click();
		await page.getByRole('button', { name: 'Restore journal.txt' }).click();
		await view.openFile('journal.txt');
		await view.expectTextMatching(/^kept\n/);
		await view.expectFile('Dockerfile');
	});

	it('lets one student work in two tabs', async () => {
		const page = await student.context.newPage();
		await page.goto(student.page.url());
		const second = new WorkspacePage(page);
		await second.openFile('journal.txt');
		await second.typeAtEnd('from the other tab\n');
		await view.expectTextMatching(/from the other tab\n$/);
		await page.getByText('You are driving').waitFor();
		await second.run('clear; echo other-$((1+1))');
		await view.expectTerminal('other-2');
		await view.run('echo this-$((2+1))');
		await second.expectTerminal('this-3');
		await page.close();
	});

	it('finds a terminal’s connection that says nothing more, and comes back by itself', async () => {
		await using network = await SilentNetwork.before(lesson.origin);
		const page = await student.context.newPage();
		await page.goto(student.page.url().replace(lesson.origin, network.origin));
		const mine = new WorkspacePage(page);
		await page.getByText('You are driving').waitFor();
		await mine.run('clear; echo near-$((1+1))');
		await mine.expectTerminal('near-2');
		network.silence();
		await mine.run('lost');
		await page.getByText('Connection lost. Trying again…').waitFor();
		await page.getByText('You are driving').waitFor();
		await mine.run('clear; echo far-$((1+1))');
		await mine.expectTerminal('far-2');
		await page.close();
	});

	it('keeps what is typed while Postgres is gone, and says so everywhere', async () => {
		lesson.signal('supervisor', 'SIGSTOP');
		try {
			lesson.signal('postgres', 'SIGKILL');
			await view.typeAtEnd('typed without Postgres\n');
			await told(KEPT_HERE);
			const page = await student.context.newPage();
			expect((await page.goto(`${lesson.origin}/classes`))?.status()).toBe(503);
			await page.getByText('Everything shown as Saved is safe.').waitFor();
			await page.close();
			await view.run('clear; echo still-$((1+1))');
			await view.expectTerminal('still-2');
		} finally {
			lesson.signal('supervisor', 'SIGCONT');
		}
		await allWell();
	});

	it('keeps what is typed while our disk is full, and every process lives', async ({ skip }) => {
		if (!disk.isOwn) skip('a small disk takes root');
		await disk.fill();
		// Words that no compression makes small.
		const words = Array.from({ length: 4000 }, () => Math.random().toString(36)).join(' ');
		await view.createFile('large.txt');
		await student.page.keyboard.insertText(words);
		await told(KEPT_HERE);
		const page = await student.context.newPage();
		expect((await page.goto(`${lesson.origin}/classes`))?.status()).toBe(200);
		await page.close();
		await disk.free();
		await allWell();
		await view.run('clear; wc -c large.txt');
		await view.expectTerminal(`${words.length} large.txt`);
		await view.openFile('journal.txt');
	});

	it('never reloaded the page', () => view.expectUnreloaded());

	it('goes on after a sleep in which the sign-in ended', async () => {
		const staff = await newPerson(room.browser);
		await signIn(staff.page, lesson.origin, lesson.assistant);
		await staff.page.getByRole('link', { name: 'Docker 101' }).click();
		await openLab(staff.page, 'First Dockerfile');
		const mine = new WorkspacePage(staff.page);
		await mine.waitForEditor();
		await mine.openFile('README.md');
		await mine.expectStatus('Saved');
		const sleep = await staff.context.newCDPSession(staff.page);
		await sleep.send('Page.setWebLifecycleState', { state: 'frozen' });
		await staff.context.request.post(`${lesson.origin}/signout`, {
			headers: { origin: lesson.origin },
			form: { next: '/' },
		});
		await sleep.send('Page.setWebLifecycleState', { state: 'active' });
		await told('You are no longer signed in. What you typed is kept in this tab', staff.page);
		await mine.typeAtStart('typed after the sleep\n');

		const opened = staff.context.waitForEvent('page');
		await notice(staff.page).getByRole('link', { name: 'Sign in' }).click();
		const door = await opened;
		await door.getByLabel('E-mail').fill(lesson.assistant.email);
		await door.getByLabel('Password').fill(lesson.assistant.password);
		await door.getByRole('button', { name: 'Sign in' }).click();
		await door.waitForURL('**/classes');
		await door.close();
		await notice(staff.page).getByRole('button', { name: 'Connect again' }).click();
		await mine.expectStatus('Saved');
		await staff.page.getByText('You are driving').waitFor();
		await staff.page.reload();
		await mine.openFile('README.md');
		await mine.expectTextMatching(/^typed after the sleep\n/);
		await staff.context.close();
	});
});
