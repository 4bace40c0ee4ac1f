// What a page and the shared worker say to each other.

import type { Presence } from '@containrlab/protocol/events.ts';
import type { Numbered } from './hub.ts';

export type ToWorker = { type: 'subscribe'; after: number } | { type: 'leave' };
export type ToPage =
	| ({ type: 'event' } & Numbered)
	| { type: 'presence'; presence: Presence }
	| { type: 'connected'; up: boolean };
