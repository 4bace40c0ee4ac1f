// Keys of web's own, derived from the one secret that it has: a key for each purpose.

import { hkdfSync } from 'node:crypto';

export type Purpose = 'return-codes' | 'devices' | 'previews';

export function deriveKey(secret: string, purpose: Purpose): Buffer {
	return Buffer.from(hkdfSync('sha256', secret, 'containrlab', purpose, 32));
}
