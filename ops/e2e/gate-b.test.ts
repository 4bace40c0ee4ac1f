// Gate b: sandbox, flush, terminal. A real Docker daemon, files that agree, a shared shell.

import { createHash, randomBytes } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { joinClass, openLab, openWorkspaceOf, signIn } from './classroom.ts';
import { FIRST_DOCKERFILE, startLesson, type Lesson } from './lesson.ts';
import { newPerson, type Person } from './people.ts';
import { expectNothingTaken, PreviewPanel, serveFiles } from './preview-page.ts';
import { useLesson } from './room.ts';
import { storm } from './storm.ts';
import { WorkspacePage } from './workspace-page.ts';

/** With SOAK a whole class. */
const STORM =
	process.env['SOAK'] === undefined
		? { students: 12, spreadMs: 2000 }
		: { students: 40, spreadMs: 10_000 };

describe('gate b: sandbox, flush, terminal', () => {
	const room = useLesson(() => startLesson('gate-b'));
	let lesson: Lesson;
	let browser: Browser;
	let teacher: Person;
	let student: Person;
	let teacherView: WorkspacePage;
	let studentView: WorkspacePage;

	beforeAll(async () => {
		({ lesson, browser } = room);
		teacher = await room.person();
		student = await room.person();
		await signIn(teacher.page, lesson.origin, lesson.instructor);
		await joinClass(student.page, lesson.origin, lesson.joinCode, 'Grace');
		await openLab(student.page, 'First Dockerfile');
		studentView = new WorkspacePage(student.page);
		await studentView.waitForEditor();
	});

	it('prepares a sandbox visibly and gives a prompt', async () => {
		await studentView.waitForPrompt();
	});

	it('shows in the shell at once what was typed in the editor', async () => {
		await studentView.openFile('Dockerfile');
		await studentView.replaceText(FIRST_DOCKERFILE);
		await studentView.expectStatus('Saved');
		await studentView.run('cat Dockerfile');
		await studentView.expectTerminal('CMD ["python", "app.py"]');
	});

	it('builds and runs on the sandbox’s own daemon', async () => {
		await studentView.run(
			'docker build -q -t app . && docker run -d -p 8080:8080 app && curl -s --retry 30 --retry-delay 1 --retry-all-errors localhost:8080/health; echo "exit=$?"',
		);
		await studentView.expectTerminal(/exit=0/, 120_000);
		await studentView.expectTerminal(/ok/);
	});

	it('pulls an image through the mirror', async () => {
		await studentView.run('clear; docker pull -q python:3.13-slim; echo "pulled=$?"');
		await studentView.expectTerminal(/pulled=0/, 60_000);
	});

	it('shows the app beside the code, and in a tab', async () => {
		const panel = new PreviewPanel(student.page);
		await panel.open();
		await panel.choose(8080, '/health');
		await panel.shows('"ok"');
		const link = student.page.getByRole('link', { name: 'Open the preview in a tab' });
		const [tab] = await Promise.all([student.context.waitForEvent('page'), link.click()]);
		await tab.getByText('"ok"').waitFor();
		expect(new URL(tab.url())).toMatchObject({ pathname: '/health' });
		expect(new URL(tab.url()).hostname).toMatch(/-8080\.localhost$/);
		expect(await tab.evaluate(() => window.opener as unknown)).toBe(null);
		await tab.close();
	});

	it('opens an address that an app prints in the terminal', async () => {
		await studentView.run('clear; echo http://0.0.0.0:8080/');
		await student.page.getByRole('button', { name: 'Verdict', exact: true }).click();
		await studentView.followTerminalLink('http://0.0.0.0:8080/');
		const panel = new PreviewPanel(student.page);
		await panel.shows('pinboard');
		// What the app shows stays while the verdict is looked at.
		await (await panel.frame('pinboard')).evaluate(() => document.body.append('typed into a form'));
		await student.page.getByRole('button', { name: 'Verdict', exact: true }).click();
		await panel.open();
		await panel.shows('typed into a form');
	});

	it('gives a hostile app nothing of ours, in the browser either', async () => {
		await studentView.run(serveFiles(3000, { 'index.html': '<h1>a raid</h1>' }));
		const app = { ours: lesson.origin, port: 3000, says: 'a raid' };
		await expectNothingTaken(browser, student, app);
	});

	it('lets the instructor watch, with the scrollback, and never type', async () => {
		await studentView.run('seq -f "line %g of the past" 200');
		await studentView.expectTerminal('line 200 of the past');
		await openWorkspaceOf(teacher.page, lesson.origin, 'Docker 101', 'Grace');
		teacherView = new WorkspacePage(teacher.page);
		await teacherView.expectTerminal('line 200 of the past');
		await teacherView.scrollTerminalUpTo('line 100 of the past');
		await studentView.expectWatcher(lesson.instructor.name);

		await teacherView.typeIntoTerminal('echo typed-by-watcher\n');
		await teacherView.sendCraftedTerminalInput('echo crafted-by-watcher\n');
		await studentView.run('echo still-$((40+2))');
		await studentView.expectTerminal('still-42');
		expect(await studentView.terminalText()).not.toMatch(/by-watcher/);
	});

	it('hands the keyboard over when asked, and takes it back', async () => {
		await teacher.page.getByRole('button', { name: 'Ask to type' }).click();
		await student.page.getByRole('button', { name: 'Hand over' }).click();
		await teacher.page.getByText('You are driving').waitFor();
		await teacherView.run('echo typed-by-$((6*7))-teacher');
		await studentView.expectTerminal('typed-by-42-teacher');
		await student.page.getByRole('button', { name: 'Take the keyboard back' }).click();
		await teacher.page.getByText('Watching, read only').waitFor();
		await studentView.run('clear; echo mine-again');
		await studentView.expectTerminal('mine-again');
	});

	describe('two-way files', () => {
		it('follows echo >> and sed -i', async () => {
			await studentView.createFile('notes.txt');
			await studentView.replaceText('first\n');
			await studentView.expectStatus('Saved');
			await studentView.run(
				'until grep -q first notes.txt; do sleep 0.1; done; echo second >> notes.txt',
			);
			await studentView.expectText('first\nsecond\n');
			await studentView.run('sed -i s/first/1st/ notes.txt');
			await studentView.expectText('1st\nsecond\n');
		});

		it('merges vim’s :wq with a newer edit in the browser', async () => {
			await studentView.run('vim notes.txt');
			await studentView.expectTerminal('1st');
			await teacherView.openFile('notes.txt');
			await teacherView.typeAtEnd('from the browser\n');
			await studentView.expectText('1st\nsecond\nfrom the browser\n');
			await studentView.typeIntoTerminal('ggOfrom vim\u001b:wq\n');
			// vim has noticed the newer version on disk; the student insists.
			await studentView.expectTerminal('really want to write');
			await studentView.typeIntoTerminal('y');
			await studentView.expectText('from vim\n1st\nsecond\nfrom the browser\n');
			await studentView.run('clear; cat notes.txt; echo end-of-notes');
			await studentView.expectTerminal(/from vim\s+1st\s+second\s+from the browser\s+end-of-notes/);
		});

		it('follows mv and rm', async () => {
			await studentView.run('mv notes.txt renamed.txt');
			await studentView.expectFile('renamed.txt');
			await studentView.expectNoFile('notes.txt');
			await studentView.expectText('from vim\n1st\nsecond\nfrom the browser\n');
			await studentView.run('rm renamed.txt');
			await studentView.expectNoFile('renamed.txt');
		});

		it('brings uploaded files into the sandbox, byte for byte', async () => {
			const seal = randomBytes(200_000);
			const script = Buffer.from('echo "from Windows"\r\n');
			const file = (name: string, buffer: Buffer) => ({
				...{ name, buffer, mimeType: 'application/octet-stream' },
			});
			await student.page
				.getByTestId('upload-files')
				.setInputFiles([file('seal.bin', seal), file('win.bat', script)]);
			await studentView.expectFile('seal.bin');
			await studentView.run(
				'clear; until [ -s seal.bin ] && [ -s win.bat ]; do sleep 0.1; done; sha256sum seal.bin win.bat',
			);
			for (const bytes of [seal, script]) {
				const sum = createHash('sha256').update(bytes).digest('hex');
				await studentView.expectTerminal(sum);
			}
			await studentView.run('clear; rm seal.bin win.bat');
			await studentView.expectNoFile('seal.bin');
		});

		it('follows an unpacked archive', async () => {
			await studentView.run(
				'mkdir /tmp/a && (cd /tmp/a && mkdir -p site/css && echo "<h1>hi</h1>" > site/index.html && echo "b{}" > site/css/a.css && tar czf ../a.tgz site) && tar xzf /tmp/a.tgz',
			);
			await studentView.expectFile('index.html');
			await studentView.expectFile('a.css');
			await studentView.openFile('index.html');
			await studentView.expectText('<h1>hi</h1>\n');
		});

		it('keeps a browser edit made while the shell writes', async () => {
			await studentView.run(
				'for i in $(seq 1 30); do echo "shell $i" >> site/index.html; sleep 0.05; done; echo loop-$((1+1))',
			);
			await teacherView.openFile('index.html');
			await teacherView.typeAtStart('<!-- teacher was here -->\n');
			await studentView.expectTerminal('loop-2');
			await studentView.expectTextMatching(/<!-- teacher was here -->/);
			await studentView.expectTextMatching(/shell 30\n$/);
			for (let i = 1; i <= 30; i += 1) {
				await studentView.expectTextMatching(new RegExp(`^shell ${i}$`, 'm'));
			}
		});
	});

	it('gives a second terminal beside the first, for both to see and to close', async () => {
		const { page } = student;
		await studentView.run('clear; here=one; sleep 300 &');
		await page.getByRole('button', { name: 'Another terminal' }).click();
		await studentView.waitForPrompt();
		await studentView.run('echo in-$((1+1)):$here:');
		await studentView.expectTerminal('in-2::');
		await teacher.page.getByRole('tab', { name: 'Terminal 2' }).click();
		await teacherView.expectTerminal('in-2::');
		// Between them by keyboard alone.
		await page.keyboard.press('Alt+PageUp');
		await studentView.run('echo back-in:$here:');
		await studentView.expectTerminal('back-in:one:');
		await page.reload();
		await page.getByRole('tab', { name: 'Terminal 2' }).waitFor();
		await page.getByRole('tab', { name: 'Terminal 1' }).click();
		await studentView.expectTerminal('back-in:one:');
		await page.keyboard.press('Alt+Shift+W');
		const question = page.getByRole('dialog', { name: 'Close terminal 1?' });
		await question.getByText('sleep').waitFor();
		await question.getByRole('button', { name: 'Close it' }).click();
		await page.getByRole('tablist', { name: 'Terminals' }).waitFor({ state: 'detached' });
		await teacher.page.getByRole('tablist', { name: 'Terminals' }).waitFor({ state: 'detached' });
		await studentView.expectTerminal('in-2::');
	});

	it('lets a student read and write without a sandbox, and gives one once it can', async () => {
		const late = await newPerson(browser);
		await joinClass(late.page, lesson.origin, lesson.joinCode, 'Edsger');
		lesson.signal('runnerd', 'SIGSTOP');
		const view = new WorkspacePage(late.page);
		try {
			await openLab(late.page, 'First Dockerfile');
			await view.waitForEditor();
			await view.openFile('Dockerfile');
			await view.replaceText('FROM scratch');
			await view.expectStatus('Saved');
		} finally {
			lesson.signal('runnerd', 'SIGCONT');
		}
		await view.waitForPrompt();
		await view.run('cat Dockerfile');
		await view.expectTerminal('FROM scratch');
		await late.context.close();
	});

	it('gives everyone of a class that comes at once a prompt', async () => {
		const { students, spreadMs } = STORM;
		const all = await storm(lesson, { students, spreadMs, withinMs: 180_000 });
		expect(all).toHaveLength(students);
	});

	it('prints no error on any console', () => {
		expect([...teacher.consoleErrors, ...student.consoleErrors]).toEqual([]);
	});
});
