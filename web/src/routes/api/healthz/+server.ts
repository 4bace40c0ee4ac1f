// Whether this server can do its work.

import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { healthz } from '#server/api/operations.ts';
import { ApiRefusal } from '#server/api/refusals.ts';
import { isHealthy } from '#server/health.ts';

export const GET = endpoint(healthz, async (_, answer) => {
	if (!(await isHealthy())) throw new ApiRefusal('unavailable');
	return answer(200, { ok: true });
});
export const fallback = otherwise(healthz);
