// Text on its way: from a key to another browser and to the disk, and from the disk to the editor.

import { setTimeout as delay } from 'node:timers/promises';
import { openWorkspaceOf, signIn } from '../e2e/classroom.ts';
import { newPerson } from '../e2e/people.ts';
import { WorkspacePage } from '../e2e/workspace-page.ts';
import { progress, type Classroom } from './classroom.ts';
import { differences, installClock, lineLengths, watchLine } from './page-clock.ts';
import { percentile, type Row } from './report.ts';

const KEYS = 150;
const APPENDS = 100;
const SENTENCE = 'a layer holds what one instruction added to the image ';

/**
 * Prints when a file got to have 1, 2, 3 … bytes, by its own time of change: how late a busy machine
 * lets us look is no part of it. Of two writes that we see at once both count as the second.
 */
const WATCH = `
import os, sys, time
path, total, seen = sys.argv[1], int(sys.argv[2]), 0
open('/tmp/watching', 'w').close()
while seen < total:
    found = os.stat(path)
    if found.st_size > seen:
        print('\\n'.join([str(found.st_mtime_ns / 1e6)] * (found.st_size - seen)))
        seen = found.st_size
    time.sleep(0.005)
`;

/** As `echo >>` does it, a few times a second; prints when each began. */
const APPEND = `
import random, sys, time
for _ in range(int(sys.argv[2])):
    print(time.time() * 1000)
    with open(sys.argv[1], 'a') as file:
        file.write('x')
    time.sleep(random.uniform(0.2, 0.4))
`;

const python = (script: string, ...args: string[]): string[] => ['python3', '-c', script, ...args];
const times = (output: string): number[] => output.trim().split('\n').map(Number);
/** In the sandbox, until a file is there. */
const waitFor = (path: string): string[] => [
	'sh',
	'-c',
	'until [ -e "$1" ]; do sleep 0.01; done',
	'wait',
	path,
];

export interface TypingSamples {
	/** A key → the same character in another browser, in the file on disk (ms each). */
	toBrowser: number[];
	toFile: number[];
	/** A program's append → the editor. */
	toEditor: number[];
}

export async function measureTyping(classroom: Classroom): Promise<Row[]> {
	const { toBrowser, toFile, toEditor } = await typingSamples(classroom);
	return [
		row('keystroke → other browser (p95)', toBrowser, 50),
		row('keystroke → file in /workspace (p95)', toFile, 150),
		row('file → editor (p95)', toEditor, 400),
	];
}

/** One student who types and appends, and a teacher who looks on. */
export async function typingSamples(classroom: Classroom): Promise<TypingSamples> {
	const { browser, lesson, runnerd } = classroom;
	await using student = await classroom.student();
	await student.open();
	await student.view.waitForPrompt();
	await student.view.createFile('typed.txt');
	await runnerd.exec(student.workspace, waitFor('typed.txt'));

	const teacher = await newPerson(browser);
	await installClock(teacher.context);
	await signIn(teacher.page, lesson.origin, lesson.instructor);
	await openWorkspaceOf(teacher.page, lesson.origin, 'Docker 101', student.name);
	await new WorkspacePage(teacher.page).openFile('typed.txt');
	await watchLine(teacher.page);

	progress(`typing ${KEYS} characters`);
	const watch = python(WATCH, 'typed.txt', String(KEYS));
	const onDisk = runnerd.exec(student.workspace, watch);
	onDisk.catch(() => {});
	await runnerd.exec(student.workspace, waitFor('/tmp/watching'));
	const pressed = await type(student.view);
	const shown = await lineLengths(teacher.page, KEYS);
	const toBrowser = differences(pressed, shown);
	const toFile = differences(pressed, times(await onDisk));
	await teacher.context.close();

	progress(`appending ${APPENDS} times from the shell`);
	await student.view.createFile('appended.txt');
	await runnerd.exec(student.workspace, waitFor('appended.txt'));
	await watchLine(student.view.page);
	const append = python(APPEND, 'appended.txt', String(APPENDS));
	const appended = times(await runnerd.exec(student.workspace, append));
	const toEditor = differences(appended, await lineLengths(student.view.page, APPENDS));

	return { toBrowser, toFile, toEditor };
}

/** Types at the speed of a quick typist; the times of the keys. */
async function type(view: WorkspacePage): Promise<number[]> {
	const { page } = view;
	await view.typeAtEnd('');
	await page.evaluate(() => (window.bench.keys.length = 0));
	const text = SENTENCE.repeat(Math.ceil(KEYS / SENTENCE.length)).slice(0, KEYS);
	for (const character of text) {
		await page.keyboard.type(character);
		await delay(80 + Math.random() * 140);
	}
	return page.evaluate(() => window.bench.keys);
}

/** The 95th percentile against its target; median and most for whoever waits. */
export function row(name: string, samples: readonly number[], target: number): Row {
	const [median, most] = [percentile(samples, 50), percentile(samples, 100)].map(Math.round);
	progress(`  ${name}: ${samples.length} samples, median ${median} ms, most ${most} ms`);
	return { name, value: percentile(samples, 95), unit: 'ms', target };
}
