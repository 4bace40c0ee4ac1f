// What the workspace page says of its document when that isn't simply saved, and after how long.

import { CLOSE } from '@containrlab/protocol/sync.ts';
import type { SaveState } from './save-ledger.ts';

export type DocumentStatus =
	| { kind: 'connecting' }
	| { kind: Exclude<SaveState, 'offline'> }
	/** `code`: what sync closed the last connection with, if it did. */
	| { kind: 'offline'; code?: number }
	/** sync won't have us back; `text` says why and what to do. */
	| { kind: 'closed'; text: string; signIn: boolean };

export type Notice = {
	/** Before that it may pass by itself (ms). */
	afterMs: number;
	text: string;
	/** What the person can do about it here. */
	act: 'none' | 'connect' | 'sign-in';
};

const NOTICES = {
	offline: {
		afterMs: 2_000,
		text: 'The connection is lost. You can go on typing: your changes are kept in this tab and saved when it is back.',
		act: 'connect',
	},
	saving: {
		afterMs: 10_000,
		text: 'The server can’t store your last changes yet. They are kept in this tab, and saved as soon as it can: leave the tab open.',
		act: 'none',
	},
} as const satisfies Record<string, Notice>;

/** Closes after which the page comes back by itself, but for which somebody can do something. */
const TRANSIENT_WORDS: Record<number, string> = {
	[CLOSE.tooMany.code]:
		'This workspace is open in too many tabs or windows. Close some of them, and this one connects again.',
	[CLOSE.tooSlow.code]:
		'This connection is too slow to follow what the others do. Your changes are kept in this tab, which keeps trying to connect.',
};

const SIGNED_OUT =
	'You are no longer signed in. What you typed is kept in this tab: sign in in another one, then connect again.';

const FINAL_WORDS: Record<number, string> = {
	[CLOSE.malformed.code]: 'This tab sent something the server couldn’t read. Reload the page.',
	[CLOSE.unauthorized.code]: SIGNED_OUT,
	[CLOSE.revoked.code]: 'You no longer have access to this workspace.',
	[CLOSE.unknownRoom.code]: 'This workspace no longer exists.',
	[CLOSE.tooLarge.code]: 'That change is too large to share. Reload the page to go on without it.',
	[CLOSE.tooCostly.code]:
		'That change is too complex to share. Reload the page to go on without it.',
	[CLOSE.damaged.code]:
		'This workspace couldn’t be opened. Your instructor can help; nothing was deleted.',
};

/** What a final close code means. */
export const closedBy = (code: number): DocumentStatus => ({
	kind: 'closed',
	text: FINAL_WORDS[code] ?? 'The server closed this workspace. Reload the page.',
	signIn: code === CLOSE.unauthorized.code,
});

/** Undefined while there is nothing to say. */
export function noticeOf(status: DocumentStatus, unsaved: boolean): Notice | undefined {
	if (status.kind === 'offline') {
		const text = TRANSIENT_WORDS[status.code ?? 0] ?? NOTICES.offline.text;
		return { ...NOTICES.offline, text };
	}
	if (status.kind === 'saving') return unsaved ? NOTICES.saving : undefined;
	if (status.kind !== 'closed') return undefined;
	return { afterMs: 0, text: status.text, act: status.signIn ? 'sign-in' : 'none' };
}
