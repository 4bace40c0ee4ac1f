// Who asks.

import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { me } from '#server/api/operations.ts';

export const GET = endpoint(me, async ({ viewer: { id, name, email } }, answer) =>
	answer(200, { id, name, email }),
);
export const fallback = otherwise(me);
