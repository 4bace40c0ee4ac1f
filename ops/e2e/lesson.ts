// One lesson's stack for an end-to-end test: the real product on free ports, in a directory of its own.

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_RUN } from '@containrlab/runnerd/sandboxes/testing.ts';
import { startStack, type Stack, type StackService } from '../stack.ts';
import type { Account } from './classroom.ts';

export type Service = StackService;

export const FIRST_DOCKERFILE = `FROM python:3.13-slim
WORKDIR /app
COPY . .
EXPOSE 8080
CMD ["python", "app.py"]`;

export const DOCKERIGNORE = '**/__pycache__\nvenv\n.venv\n.git\n';

export class Lesson {
	#stack: Stack;

	constructor(stack: Stack) {
		this.#stack = stack;
	}

	get origin(): string {
		return this.#stack.origin;
	}

	get dataDir(): string {
		return this.#stack.dataDir;
	}

	/** What its containers' names begin with. */
	get instance(): string {
		return this.#stack.instance;
	}

	get runnerd(): string {
		return `http://127.0.0.1:${this.#stack.ports.runnerd}`;
	}

	get joinCode(): string {
		return this.#stack.joinCode;
	}

	get instructor(): Account {
		return { name: 'Instructor', ...this.#stack.instructor };
	}

	get assistant(): Account {
		return { name: 'Teaching assistant', ...this.#stack.ta };
	}

	/** Of a service's own process. */
	pid(service: Service): number {
		const pid = this.#stack.pids[service];
		if (pid === undefined) throw new Error(`${service} isn't running`);
		return pid;
	}

	signal(service: Service, signal: NodeJS.Signals): void {
		this.#stack.kill(service, signal);
	}

	/** `kill -9`; runs `meanwhile` while it is away, and resolves when it is back. */
	async kill(service: Service, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
		const before = this.#stack.pids[service];
		this.#stack.kill(service);
		await meanwhile();
		if (service === 'supervisor') {
			await this.#stack.ended;
			this.#stack = await startStack(optionsOf(this.#stack.dataDir, this.#stack.instance));
		} else {
			await this.#stack.ready(service, before);
		}
	}

	/** Stops it and starts it again on its data, told something else behind `npm start --`. */
	async restart(args: string[]): Promise<void> {
		await this.#stack.stop();
		this.#stack = await startStack(optionsOf(this.#stack.dataDir, this.#stack.instance, args));
	}

	/** Stops everything and leaves nothing behind. */
	async stop(): Promise<void> {
		await this.#stack.remove();
	}
}

const optionsOf = (
	dataDir: string,
	instance: string,
	args: string[] = [],
	env: Record<string, string> = {},
) => ({
	...{ dataDir, instance, args, env },
	...(process.env.LESSON_OUTPUT && { onOutput: (line: string) => console.log(line) }),
});

/**
 * Told `args` behind `npm start --`; in a directory of its own unless one is named. `env` is for its
 * first start alone.
 */
export async function startLesson(
	name: string,
	{
		args = [],
		dataDir,
		env = {},
	}: { args?: string[]; dataDir?: string; env?: Record<string, string> } = {},
): Promise<Lesson> {
	const directory = dataDir ?? (await mkdtemp(join(tmpdir(), `containrlab-${TEST_RUN}${name}-`)));
	const instance = `e2e-${TEST_RUN}${name}-${process.pid}`;
	return new Lesson(await startStack(optionsOf(directory, instance, args, env)));
}
