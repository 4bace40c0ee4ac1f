// Every way in which the API says no: a stable code, its status, and words for whoever reads them.

import type { ApiErrorBody } from './schemas.ts';

type Words = { status: number; message: string; hint?: string };

export const REFUSALS = {
	'bad-request': { status: 400, message: 'The request is not what this address takes.' },
	'bad-json': {
		status: 400,
		message: 'The body is not JSON in UTF-8.',
		hint: 'Quote names and strings with " and leave no comma behind the last one.',
	},
	'bad-path': { status: 400, message: 'No file can have this path.' },
	'bad-text': {
		status: 400,
		message: 'A text file holds no NUL and no halves of characters.',
		hint: 'Make binary files in the sandbox.',
	},
	'signed-out': {
		status: 401,
		message: 'You are signed out.',
		hint: 'Sign in, and send the cookie that you were given. docs/api.md shows how with curl.',
	},
	forbidden: { status: 403, message: 'This is not yours to do.' },
	'other-origin': {
		status: 403,
		message: 'This request does not come from a page of this classroom.',
		hint: 'Send the address of this server as Origin, as in "Origin: http://127.0.0.1:7400".',
	},
	'no-such-address': {
		status: 404,
		message: 'There is nothing at this address.',
		hint: 'GET /api/openapi.json says what there is.',
	},
	'no-such-lab': {
		status: 404,
		message: 'None of your classes is taught this lab.',
		hint: 'GET /api/labs lists those that you are taught.',
	},
	'no-such-class': {
		status: 404,
		message: 'You are in no such class with this lab.',
		hint: 'GET /api/labs names the classes of each lab.',
	},
	'no-such-session': { status: 404, message: 'There is no such session for you.' },
	'no-such-attempt': { status: 404, message: 'There is no such attempt for you.' },
	'no-such-file': {
		status: 404,
		message: 'There is nothing at this path.',
		hint: 'Without ?path= you get the list of all files.',
	},
	'not-started': {
		status: 404,
		message: 'You have not started this lab.',
		hint: 'POST /api/labs/{slug}/start starts it.',
	},
	'method-not-allowed': { status: 405, message: 'This address does not take this method.' },
	'class-ambiguous': {
		status: 409,
		message: 'Several of your classes are taught this lab.',
		hint: 'Choose one of "choices" with ?class=<id>.',
	},
	'lab-withdrawn': { status: 409, message: 'This lab is no longer taught here.' },
	'path-taken': { status: 409, message: 'There is already something at this path.' },
	'parent-is-a-file': {
		status: 409,
		message: 'A part of the path is a file, so nothing can be inside it.',
	},
	'into-itself': { status: 409, message: 'Nothing can move into itself.' },
	'is-a-folder': { status: 409, message: 'This is a folder.' },
	'not-text': {
		status: 409,
		message: 'This is not a text file.',
		hint: 'Change it in the sandbox, or delete it first.',
	},
	'too-many-files': { status: 409, message: 'This workspace holds as many files as it can.' },
	changed: {
		status: 412,
		message: 'The file is not in the state that you named.',
		hint: 'Read it again and repeat your change; "current" is its ETag now.',
	},
	'too-large': { status: 413, message: 'This is larger than what can be taken.' },
	'not-json': {
		status: 415,
		message: 'This address takes JSON.',
		hint: 'Send "Content-Type: application/json".',
	},
	'too-costly': {
		status: 422,
		message: 'This change is too much for one piece.',
		hint: 'Make it in several steps.',
	},
	'needs-websocket': {
		status: 426,
		message: 'This address is a WebSocket.',
		hint: 'Connect with ws:// or wss://.',
	},
	'too-many-requests': {
		status: 429,
		message: 'Too many requests in a short time.',
		hint: 'Go on after as many seconds as Retry-After says.',
	},
	broken: {
		status: 500,
		message: 'Something broke on our side.',
		hint: 'What was saved is safe. Try again; if it stays broken, tell your instructor.',
	},
	unavailable: {
		status: 503,
		message: 'A part of the classroom is restarting.',
		hint: 'What was saved is safe. Try again in a few seconds.',
	},
	'no-sandbox': {
		status: 503,
		message: 'The sandbox could not be reached.',
		hint: 'Files can be read and written all the same. Try again in a few seconds.',
	},
} as const satisfies Record<string, Words>;
export type RefusalCode = keyof typeof REFUSALS;

/** What a refusal may say beside its own words. */
export type RefusalDetail = Partial<Omit<ApiErrorBody['error'], 'code'>> & {
	headers?: Record<string, string>;
};

/** Thrown on the way through an endpoint; the endpoint answers with it. */
export class ApiRefusal extends Error {
	readonly code: RefusalCode;
	readonly detail: RefusalDetail;
	constructor(code: RefusalCode, detail: RefusalDetail = {}) {
		super(code);
		this.code = code;
		this.detail = detail;
	}
}

export function refusalBody(
	code: RefusalCode,
	{ headers: _, ...detail }: RefusalDetail = {},
): ApiErrorBody {
	const { message, hint }: Words = REFUSALS[code];
	return { error: { code, message, ...(hint !== undefined && { hint }), ...detail } };
}
