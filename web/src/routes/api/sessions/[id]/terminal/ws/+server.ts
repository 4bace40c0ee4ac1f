// The terminal's address, for those who come to it without a WebSocket; sockets never get here.

import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { terminal } from '#server/api/operations.ts';
import { ApiRefusal } from '#server/api/refusals.ts';

export const GET = endpoint(terminal, async () => {
	throw new ApiRefusal('needs-websocket', { headers: { upgrade: 'websocket' } });
});
export const fallback = otherwise(terminal);
