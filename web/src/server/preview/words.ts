// What we say where an app should have answered: what happened, and what to try.

import type { NoWay } from './tunnel.ts';

export type Trouble =
	NoWay | 'no-answer' | 'malformed' | 'signed-out' | 'no-path' | 'other-origin' | 'broken';

type Words = { status: number; title: string; advice: string };

/** What often passes by itself: a container is published before its app listens. */
const PASSING = new Set<Trouble>(['nobody-listens', 'no-answer', 'sandbox-away', 'runnerd-away']);
const AGAIN_SECONDS = 3;

const WORDS: Record<Trouble, (port: number) => Words> = {
	'nobody-listens': (port) => ({
		status: 502,
		title: `Nothing answers on port ${port} yet`,
		advice:
			`Is the container running (docker ps), and is the port published (docker run -p ${port}:…)? ` +
			'An app that has just been started may need a moment. docker logs shows what it said.',
	}),
	'no-answer': (port) => ({
		status: 502,
		title: `Port ${port} is open, but the app didn’t answer`,
		advice:
			'Inside a container an app must listen on 0.0.0.0, not on 127.0.0.1. Is the number after the ' +
			'colon of -p the one that the app listens on? docker logs shows what it said.',
	}),
	malformed: () => ({
		status: 502,
		title: 'The app’s answer is no valid HTTP',
		advice:
			'Does something else than a web server listen on this port? docker logs shows what it said.',
	}),
	'no-sandbox': () => ({
		status: 503,
		title: 'The sandbox isn’t running',
		advice: 'Start it in the workspace, then start the app again.',
	}),
	'too-many': () => ({
		status: 503,
		title: 'Too many connections to this sandbox at once',
		advice: 'Close other tabs that show its apps, then try again.',
	}),
	'sandbox-away': () => ({
		status: 503,
		title: 'The sandbox doesn’t answer just now',
		advice: 'Nothing of yours is lost. Try again in a few seconds.',
	}),
	'runnerd-away': () => ({
		status: 503,
		title: 'A part of the classroom is restarting',
		advice: 'Nothing of yours is lost. Try again in a few seconds.',
	}),
	unauthorized: () => ({
		status: 503,
		title: 'The preview can’t be reached',
		advice: 'Open it again from the workspace.',
	}),
	'signed-out': () => ({
		status: 403,
		title: 'This preview isn’t open to you',
		advice:
			'Open it from the workspace: its link there lets you in, for as long as you are signed in.',
	}),
	'no-path': () => ({
		status: 404,
		title: 'Whose page this is can’t be told',
		advice:
			'Its address begins with / and was made by a script of the app. Use an address relative to ' +
			'the page, without the / at its beginning, or open it from the workspace.',
	}),
	'other-origin': () => ({
		status: 403,
		title: 'This request comes from another site',
		advice: 'An app is reached from its own pages, and from those of the same workspace.',
	}),
	broken: () => ({
		status: 500,
		title: 'Something broke on our side',
		advice: 'Try again; if it stays broken, tell your instructor.',
	}),
};

/** `again`: the page may look again by itself, which asks for it by GET. */
export function wordsFor(
	trouble: Trouble,
	port: number,
	again = false,
): { status: number; html: string } {
	const { status, title, advice } = WORDS[trouble](port);
	const looks = again && PASSING.has(trouble);
	const refresh = looks ? `<meta http-equiv="refresh" content="${AGAIN_SECONDS}">` : '';
	const next = looks ? 'This page looks again every few seconds.' : '<a href="">Try again</a>';
	const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>${refresh}
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60ch;margin:15vh auto;padding:0 1.5rem}
h1{font-size:1.25rem;margin:0 0 .5rem}p{margin:0 0 1rem}</style></head>
<body><h1>${title}</h1><p>${advice}</p><p>${next}</p></body></html>
`;
	return { status, html };
}
