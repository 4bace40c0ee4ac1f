// Text as bytes on disk, and the names that compare-and-swap gives to content.

import { createHash } from 'node:crypto';

export const encodeText = (text: string): Buffer => Buffer.from(text, 'utf8');

export const sha256 = (bytes: Uint8Array): string =>
	createHash('sha256').update(bytes).digest('hex');

export const linkContent = (target: string): string => `link:${target}`;
