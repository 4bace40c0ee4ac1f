// A class storm: students behind one address join, open a lab and want their sandbox, all within
// seconds. Without browsers: requests and sockets as their pages send them.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { TerminalMessage } from '@containrlab/protocol/terminal.ts';
import { Visitor } from '../bench/visitor.ts';
import type { Lesson } from './lesson.ts';

const LAB = '01-first-dockerfile';
/** With its colours, which hold no blanks. */
const PROMPT = /student\S*\$ /;
/** As a page waits before it tries again to reach a terminal that isn't there yet. */
const AGAIN_MS = 200;

export interface Stormed {
	/** From the press of Join to the class's page. */
	joinMs: number;
	/** From the click on the lab to a prompt. */
	promptMs: number;
}

/** Rejects when anybody meets an error, or has no prompt by `withinMs` after their click. */
export async function storm(
	lesson: Lesson,
	{ students, spreadMs, withinMs }: { students: number; spreadMs: number; withinMs: number },
): Promise<Stormed[]> {
	const comes = async (n: number) => {
		await delay((n * spreadMs) / students);
		return arrive(lesson, `Student ${n + 1}`, withinMs);
	};
	return Promise.all(Array.from({ length: students }, (_, n) => comes(n)));
}

async function arrive(lesson: Lesson, name: string, withinMs: number): Promise<Stormed> {
	const from = performance.now();
	const visitor = await new Visitor(lesson.origin).join(lesson.joinCode, name);
	const classes = await (await visitor.send('/classes')).text();
	const [classPath = ''] = /\/classes\/[a-z0-9]{20}/.exec(classes) ?? [];
	await read(visitor, classPath);
	const clicked = performance.now();
	const path = await visitor.follow(`${classPath}/labs/${LAB}`);
	await read(visitor, path);
	await read(visitor, `${path}/sandbox`, { method: 'POST' });
	await prompt(lesson, visitor, path.split('/')[2] ?? '', clicked + withinMs);
	return { joinMs: clicked - from, promptMs: performance.now() - clicked };
}

async function read(visitor: Visitor, path: string, init: RequestInit = {}): Promise<string> {
	const response = await visitor.send(path, init);
	const text = await response.text();
	if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${text}`);
	return text;
}

/** Resolves when the shell has asked for a command. */
async function prompt(
	lesson: Lesson,
	visitor: Visitor,
	workspace: string,
	end: number,
): Promise<void> {
	const url = `${lesson.origin.replace(/^http/, 'ws')}/terminal/${workspace}/1`;
	let seen = '';
	for (; performance.now() < end; await delay(AGAIN_MS)) {
		const socket = new WebSocket(url, { headers: visitor.headers });
		const closed = once(socket, 'close');
		socket.on('message', (data: Buffer, isBinary) => {
			seen += isBinary ? data.toString('latin1') : snapshotIn(data.toString());
			if (PROMPT.test(seen)) socket.close();
		});
		const late = setTimeout(() => socket.terminate(), end - performance.now());
		await closed.finally(() => clearTimeout(late));
		if (PROMPT.test(seen)) return;
	}
	const state = await read(visitor, `/w/${workspace}/sandbox`, { method: 'POST' });
	throw new Error(`${workspace} has no prompt: ${state} ${seen.slice(-200)}`);
}

/** What a terminal showed before one came. */
function snapshotIn(message: string): string {
	const parsed = TerminalMessage.parse(JSON.parse(message));
	return parsed.type === 'snapshot' ? parsed.data : '';
}
