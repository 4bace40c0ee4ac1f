// What a file of end-to-end tests has in common: one lesson and its people, there before the tests and
// gone after them.

import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Lesson } from './lesson.ts';
import { launchBrowser, newPerson, type Person } from './people.ts';

export interface Room {
	/** There when the first of the file's own hooks runs, as is the browser. */
	lesson: Lesson;
	browser: Browser;
	/** All that ever came in by `person`. */
	people: Person[];
	person(options?: BrowserContextOptions): Promise<Person>;
}

/** For the top of a `describe`. */
export function useLesson(start: () => Promise<Lesson>): Room {
	const room = {
		people: [] as Person[],
		async person(options?: BrowserContextOptions) {
			const person = await newPerson(room.browser, options);
			room.people.push(person);
			return person;
		},
	} as Room;
	beforeAll(async () => {
		room.lesson = await start();
		room.browser = await launchBrowser();
	});
	keepScreensOfFailures(() => room.people);
	afterAll(async () => {
		await room.browser?.close();
		await room.lesson?.stop();
	});
	return room;
}

/** With SCREENS_DIR set, keeps what each person saw when a test failed. */
export function keepScreensOfFailures(people: () => (Person | undefined)[]): void {
	const directory = process.env.SCREENS_DIR;
	if (!directory) return;
	afterEach(async ({ task }) => {
		if (task.result?.state !== 'fail') return;
		for (const [index, person] of people().entries()) {
			if (!person || person.page.isClosed()) continue;
			const name = `${task.name.replaceAll(/\W+/g, '-')}-${index}.png`;
			await person.page.screenshot({ path: join(directory, name) });
		}
	});
}
