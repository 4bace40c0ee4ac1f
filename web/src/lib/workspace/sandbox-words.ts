// What a sandbox's state means, in words for the person who waits for it.

import type { QueuePlace, SandboxReason, SandboxState } from '@containrlab/protocol/sandbox.ts';

export const PHASES = ['queued', 'creating', 'booting', 'files'] as const;
export type Phase = (typeof PHASES)[number];

/** Short, since all four stand in one line. */
export const PHASE_WORDS: Record<Phase, string> = {
	queued: 'Place',
	creating: 'Container',
	booting: 'Docker',
	files: 'Your files',
};

const REASON_WORDS: Record<SandboxReason, string> = {
	idle: 'Nobody used it for a while, so it was put away.',
	'disk-taken': 'It had put more on its disk than it may.',
	ended: 'It was ended.',
	restarted: 'It is being started again.',
	replaced: 'It makes place for a fresh one.',
	lost: 'It was stopped from outside.',
	'engine-unreachable': 'The Docker engine doesn’t answer.',
	'no-capacity': 'All places are taken.',
	'start-failed': 'It didn’t start.',
	'unsafe-engine': 'Sandboxes can’t be kept apart safely on this machine.',
	'runner-stopped': 'The service that runs it was stopped.',
};

/** Why there is none, and that the work is safe. */
export function reasonWords(state: Extract<SandboxState, { reason: SandboxReason }>): string {
	const why = state.status === 'failed' ? state.message : REASON_WORDS[state.reason];
	return why.endsWith('.') ? why : `${why}.`;
}

/** What became of the rest, once it is gone. */
export function keptWords(state: Extract<SandboxState, { status: 'gone' }>): string {
	if (state.reason === 'restarted' || state.reason === 'replaced') return 'Your files are safe.';
	return state.kept === false
		? 'Your files are safe; images will rebuild.'
		: 'Your files are safe; images and containers are kept while there is room.';
}

/** How far before its end a sandbox says so. */
export const ENDING_MS = 5 * 60_000;

/** What its end means; said once, when it comes near. */
export const ENDING_WORDS =
	'Your files are safe; images and containers are kept while there is room.';

const endings = new Intl.PluralRules('en-GB', { type: 'ordinal' });
const ENDINGS: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'st', two: 'nd', few: 'rd' };
const ordinal = (n: number): string => `${n}${ENDINGS[endings.select(n)] ?? 'th'}`;

/** Where one stands in the line for a sandbox. */
export function placeWords({ position, seconds }: QueuePlace): string {
	const line = position === 1 ? 'You are next in line' : `You are ${ordinal(position)} in line`;
	if (seconds !== null) {
		return `${line}, about ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`;
	}
	return `${line}. All places are taken; when someone leaves, you move up by yourself.`;
}

/** After this, waiting alone may not help. */
export const LONG_WAIT_MS = 60_000;
export const LONG_WAIT_WORDS =
	'Meanwhile you can read and edit. Tell your instructor if it takes long: ending sandboxes that nobody uses makes room.';
