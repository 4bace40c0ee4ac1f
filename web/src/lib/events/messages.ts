// What a page and the shared worker say to each other.

import type { Numbered } from './hub.ts';

export type ToWorker = { type: 'subscribe'; after: number } | { type: 'leave' };
export type ToPage = ({ type: 'event' } & Numbered) | { type: 'connected'; up: boolean };
