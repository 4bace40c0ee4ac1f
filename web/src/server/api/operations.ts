// The API's operations: what each takes, what it answers, and how it can say no. Routes are built
// from these, and so is the OpenAPI document: neither can know another API than the other.

import { z } from 'zod';
import type { RefusalCode } from './refusals.ts';
import * as schemas from './schemas.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Operation {
	id: string;
	method: Method;
	/** As OpenAPI writes it. */
	path: string;
	summary: string;
	description?: string;
	/** Whether it is for those who are signed in. Default: yes. */
	open?: boolean;
	/** Counts towards the bound on how often one person may ask for work. */
	paced?: boolean;
	query?: z.ZodObject;
	headers?: z.ZodObject;
	body?: z.ZodType;
	/** Null: an answer without a body. */
	answers: Record<number, { description: string; schema: z.ZodType | null; etag?: boolean }>;
	/** Those beside what every operation may say. */
	refusals: readonly RefusalCode[];
}

const ClassQuery = z.object({
	class: z.string().optional().meta({
		description: 'Which class, when several of yours are taught this lab.',
	}),
});
const IN_A_CLASS = ['no-such-lab', 'no-such-class', 'class-ambiguous'] as const;
const EDITING = ['forbidden', 'no-such-session', 'bad-path', 'too-large', 'too-costly'] as const;

const IfMatch = z.object({
	'if-match': z.string().optional().meta({
		description: 'Only if the file still has this ETag; `*`: only if it is there.',
	}),
});
const WriteConditions = IfMatch.extend({
	'if-none-match': z.string().optional().meta({ description: '`*`: only if it is not there yet.' }),
});

export const healthz = {
	...{ id: 'healthz', method: 'GET', path: '/api/healthz', open: true },
	summary: 'Whether this server can do its work',
	answers: { 200: { description: 'It can.', schema: schemas.Health } },
	refusals: [],
} as const satisfies Operation;

export const openapi = {
	...{ id: 'openapi', method: 'GET', path: '/api/openapi.json', open: true },
	summary: 'This document',
	answers: { 200: { description: 'OpenAPI 3.1.', schema: z.looseObject({}) } },
	refusals: [],
} as const satisfies Operation;

export const me = {
	...{ id: 'me', method: 'GET', path: '/api/auth/me' },
	summary: 'Who you are',
	answers: { 200: { description: 'You.', schema: schemas.Me } },
	refusals: [],
} as const satisfies Operation;

export const listLabs = {
	...{ id: 'listLabs', method: 'GET', path: '/api/labs' },
	summary: 'The labs that your classes are taught',
	answers: {
		200: {
			description: 'In the curriculum’s order.',
			schema: z.object({ labs: z.array(schemas.LabSummary) }).meta({ id: 'LabList' }),
		},
	},
	refusals: [],
} as const satisfies Operation;

export const getLab = {
	...{ id: 'getLab', method: 'GET', path: '/api/labs/{slug}' },
	summary: 'One lab: its guide, goals and checks',
	answers: { 200: { description: 'The lab.', schema: schemas.Lab } },
	refusals: ['no-such-lab'],
} as const satisfies Operation;

export const startLab = {
	...{ id: 'startLab', method: 'POST', path: '/api/labs/{slug}/start', paced: true },
	summary: 'Open your session of a lab and start its sandbox',
	description: 'May be repeated: the session and the sandbox that are there are found again.',
	query: ClassQuery,
	answers: {
		200: { description: 'The session was there.', schema: schemas.Session },
		201: { description: 'The session is new.', schema: schemas.Session },
	},
	refusals: [...IN_A_CLASS, 'no-sandbox'],
} as const satisfies Operation;

export const activeSession = {
	...{ id: 'activeSession', method: 'GET', path: '/api/labs/{slug}/active' },
	summary: 'Your session of a lab',
	query: ClassQuery,
	answers: { 200: { description: 'The session.', schema: schemas.ActiveSession } },
	refusals: IN_A_CLASS,
} as const satisfies Operation;

export const getSession = {
	...{ id: 'getSession', method: 'GET', path: '/api/sessions/{id}' },
	summary: 'A session and how its sandbox is',
	answers: { 200: { description: 'The session.', schema: schemas.Session } },
	refusals: ['no-such-session'],
} as const satisfies Operation;

export const endSandbox = {
	...{ id: 'endSandbox', method: 'DELETE', path: '/api/sessions/{id}', paced: true },
	summary: 'End a session’s sandbox',
	description: 'The files and the attempts stay, and the lab can be started again.',
	answers: { 200: { description: 'It is ending, or gone.', schema: schemas.Session } },
	refusals: ['no-such-session', 'forbidden', 'no-sandbox'],
} as const satisfies Operation;

export const terminal = {
	...{ id: 'terminal', method: 'GET', path: '/api/sessions/{id}/terminal/ws' },
	summary: 'A session’s terminal, as a WebSocket',
	description:
		'Binary frames are the terminal’s bytes, text frames are JSON (`protocol/terminal.ts`). ' +
		'Refusals close the socket: 4401 signed out, 4403 not yours, 4404 no such place, ' +
		'4503 not there just now.',
	query: z.object({
		terminal: z
			.string()
			.regex(/^[1-9]\d?$/)
			.default('1')
			.meta({ description: 'Which one, from 1.' }),
	}),
	answers: { 101: { description: 'The socket is open.', schema: null } },
	refusals: ['needs-websocket'],
} as const satisfies Operation;

export const readFiles = {
	...{ id: 'readFiles', method: 'GET', path: '/api/sessions/{id}/files', paced: true },
	summary: 'All files, or with `?path=` one with its text',
	query: schemas.PathQuery.partial(),
	headers: z.object({
		'if-none-match': z.string().optional().meta({ description: 'Answer 304 if it is still this.' }),
	}),
	answers: {
		200: {
			description: 'The list, or the file.',
			schema: z.union([schemas.FileList, schemas.FileContent]),
			etag: true,
		},
		304: { description: 'The file is still the same.', schema: null, etag: true },
	},
	refusals: ['no-such-session', 'no-such-file', 'bad-path'],
} as const satisfies Operation;

export const createFile = {
	...{ id: 'createFile', method: 'POST', path: '/api/sessions/{id}/files', paced: true },
	summary: 'Make a file or a folder, or rename one',
	body: schemas.CreateFile,
	answers: {
		200: { description: 'It has its new name.', schema: schemas.FileChanged, etag: true },
		201: { description: 'It is there.', schema: schemas.FileChanged, etag: true },
	},
	refusals: [
		...EDITING,
		'bad-text',
		'no-such-file',
		'path-taken',
		'parent-is-a-file',
		'into-itself',
		'too-many-files',
	],
} as const satisfies Operation;

export const writeFile = {
	...{ id: 'writeFile', method: 'PUT', path: '/api/sessions/{id}/files', paced: true },
	summary: 'Write a text file, or make it',
	description:
		'Only what differs is changed, so that what others type at the same time stays. With ' +
		'If-Match nothing is written when the file has changed since you read it.',
	query: schemas.PathQuery,
	headers: WriteConditions,
	body: schemas.WriteFile,
	answers: {
		200: {
			description: 'It was there and has this text.',
			schema: schemas.FileChanged,
			etag: true,
		},
		201: { description: 'It is new.', schema: schemas.FileChanged, etag: true },
	},
	refusals: [
		...EDITING,
		'bad-text',
		'changed',
		'is-a-folder',
		'not-text',
		'path-taken',
		'parent-is-a-file',
		'too-many-files',
	],
} as const satisfies Operation;

export const deleteFile = {
	...{ id: 'deleteFile', method: 'DELETE', path: '/api/sessions/{id}/files', paced: true },
	summary: 'Delete a file, or a folder with all that is in it',
	query: schemas.PathQuery,
	headers: IfMatch,
	answers: { 204: { description: 'It is gone.', schema: null } },
	refusals: [...EDITING, 'changed', 'no-such-file'],
} as const satisfies Operation;

export const submit = {
	...{ id: 'submit', method: 'POST', path: '/api/judge/{slug}', paced: true },
	summary: 'Submit your session of a lab',
	description:
		'One attempt runs and one waits: newer work takes the place of what waits, and for the very same work the attempt that is in the queue is answered.',
	query: ClassQuery,
	answers: { 202: { description: 'The attempt, to be judged.', schema: schemas.Attempt } },
	refusals: [...IN_A_CLASS, 'not-started', 'lab-withdrawn'],
} as const satisfies Operation;

export const latestAttempt = {
	...{ id: 'latestAttempt', method: 'GET', path: '/api/judge/{slug}' },
	summary: 'Your latest attempt at a lab',
	query: ClassQuery,
	answers: { 200: { description: 'The attempt.', schema: schemas.LatestAttempt } },
	refusals: [...IN_A_CLASS, 'not-started'],
} as const satisfies Operation;

export const getAttempt = {
	...{ id: 'getAttempt', method: 'GET', path: '/api/attempts/{id}' },
	summary: 'One attempt and its verdict',
	answers: { 200: { description: 'The attempt.', schema: schemas.Attempt } },
	refusals: ['no-such-attempt'],
} as const satisfies Operation;

export const OPERATIONS: readonly Operation[] = [
	...[healthz, openapi, me, listLabs, getLab, startLab, activeSession],
	...[getSession, endSandbox, terminal, readFiles, createFile, writeFile, deleteFile],
	...[submit, latestAttempt, getAttempt],
];

/** What any operation may answer instead, because of what it is. */
export function refusalsOf(operation: Operation): RefusalCode[] {
	const all = new Set<RefusalCode>(operation.refusals).add('bad-request');
	if (!operation.open) all.add('signed-out');
	if (operation.method !== 'GET') all.add('other-origin');
	if (operation.body) all.add('bad-json').add('not-json').add('too-large');
	if (operation.paced) all.add('too-many-requests');
	return [...all.add('broken').add('unavailable')];
}
