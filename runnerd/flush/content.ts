// Bytes on disk as text or not, and the names that compare-and-swap gives to content.

import { createHash } from 'node:crypto';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';

// The BOM is ours to keep; invalid UTF-8 is binary, never mended.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for what isn't text: invalid UTF-8, a NUL, or more than the limit. */
export function decodeText(bytes: Uint8Array): string | undefined {
	if (bytes.length > FILE_LIMITS.text || bytes.includes(0)) return undefined;
	try {
		return utf8.decode(bytes);
	} catch {
		return undefined;
	}
}

export const encodeText = (text: string): Buffer => Buffer.from(text, 'utf8');

export const sha256 = (bytes: Uint8Array): string =>
	createHash('sha256').update(bytes).digest('hex');

export const linkContent = (target: string): string => `link:${target}`;
