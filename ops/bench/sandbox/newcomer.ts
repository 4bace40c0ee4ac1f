// A student without a browser: joins, opens a lab, and asks for a sandbox as their page would.

import { setTimeout as delay } from 'node:timers/promises';
import type { Lesson } from '../../e2e/lesson.ts';
import { LAB } from '../classroom.ts';
import type { Runnerd } from '../runnerd.ts';
import { Visitor } from '../visitor.ts';

const READY_WITHIN_MS = 120_000;

export class Newcomer {
	readonly visitor: Visitor;
	readonly workspace: string;

	private constructor(visitor: Visitor, workspace: string) {
		this.visitor = visitor;
		this.workspace = workspace;
	}

	static async join(lesson: Lesson, name: string): Promise<Newcomer> {
		const visitor = await new Visitor(lesson.origin).join(lesson.joinCode, name);
		const page = await (await visitor.send('/classes')).text();
		const [classPath] = /\/classes\/[a-z0-9]{20}/.exec(page) ?? [];
		const opened = await visitor.follow(`${classPath}/labs/${LAB}`);
		return new Newcomer(visitor, opened.split('/')[2] ?? '');
	}

	async start(): Promise<void> {
		await this.visitor.send(`/w/${this.workspace}/sandbox`, { method: 'POST' });
	}

	/** Resolves once the sandbox's daemon answers. */
	async ready(runnerd: Runnerd): Promise<void> {
		for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end; await delay(200)) {
			const answer = await runnerd
				.exec(this.workspace, ['docker', 'version'])
				.catch(() => undefined);
			if (answer !== undefined) return;
		}
		throw new Error(`${this.workspace} got no sandbox`);
	}
}
