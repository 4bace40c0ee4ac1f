// The real stack with real browsers, and students who come and go.

import type { Browser } from 'playwright-core';
import { joinClass, openLab } from '../e2e/classroom.ts';
import { startLesson, type Lesson } from '../e2e/lesson.ts';
import { launchBrowser, newPerson } from '../e2e/people.ts';
import { WorkspacePage } from '../e2e/workspace-page.ts';
import { installClock } from './page-clock.ts';
import { Runnerd } from './runnerd.ts';

export const LAB = '01-first-dockerfile';
/** Warm sandboxes, as `npm start` keeps them unless it is told otherwise. */
const POOL = 2;

/** Figures are standard output's; this is for whoever waits. */
export const progress = (line: string): void => console.error(line);

/** A student before they open the lab, in a browser profile that has never been here. */
export interface Student extends AsyncDisposable {
	name: string;
	view: WorkspacePage;
	open(): Promise<void>;
	/** Of the open workspace. */
	readonly workspace: string;
}

export class Classroom implements AsyncDisposable {
	readonly lesson: Lesson;
	readonly browser: Browser;
	readonly runnerd: Runnerd;
	#students = 0;
	#closing: Promise<void> | undefined;

	private constructor(lesson: Lesson, browser: Browser, runnerd: Runnerd) {
		this.lesson = lesson;
		this.browser = browser;
		this.runnerd = runnerd;
	}

	static async start(): Promise<Classroom> {
		process.env['POOL_SIZE'] = String(POOL);
		const lesson = await startLesson('bench');
		try {
			// Ctrl-C is ours to handle: the stack must be cleared away too.
			const browser = await launchBrowser({ handleSIGINT: false, handleSIGTERM: false });
			return new Classroom(lesson, browser, await Runnerd.of(lesson));
		} catch (error) {
			await lesson.stop();
			throw error;
		}
	}

	/** Joins the class, and looks at its page. */
	async student(): Promise<Student> {
		this.#students += 1;
		const { lesson, runnerd } = this;
		const { page, context } = await newPerson(this.browser);
		await installClock(context);
		const name = `Student ${this.#students}`;
		await joinClass(page, lesson.origin, lesson.joinCode, name);
		const workspaceOf = () => new URL(page.url()).pathname.split('/')[2] ?? '';
		return {
			name,
			view: new WorkspacePage(page),
			open: () => openLab(page, 'First Dockerfile'),
			get workspace() {
				return workspaceOf();
			},
			[Symbol.asyncDispose]: async () => {
				const workspace = workspaceOf();
				await context.close();
				await runnerd.stop(workspace);
			},
		};
	}

	/** Until the pool is full again and nothing is being cleared away. */
	quiet(): Promise<void> {
		return this.runnerd.quiet(POOL);
	}

	/** Once, whoever asks: the end of the benchmark, or a signal in the midst of it. */
	[Symbol.asyncDispose](): Promise<void> {
		return (this.#closing ??= this.#close());
	}

	async #close(): Promise<void> {
		try {
			await this.browser.close();
		} finally {
			await this.lesson.stop();
		}
	}
}

/** Measures in a classroom of which nothing is left, whatever ends it: a signal while it starts, too. */
export async function inClassroom<T>(measure: (classroom: Classroom) => Promise<T>): Promise<T> {
	const starting = Classroom.start();
	let interrupted = false;
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.on(signal, () => {
			if (interrupted) return;
			interrupted = true;
			progress(`${signal}: clearing away`);
			void starting
				.then((classroom) => classroom[Symbol.asyncDispose]())
				.finally(() => process.exit(1));
		});
	}
	try {
		await using classroom = await starting;
		return await measure(classroom);
	} catch (error) {
		// What broke because all was cleared away is no news.
		if (interrupted) await new Promise<never>(() => {});
		throw error;
	}
}
