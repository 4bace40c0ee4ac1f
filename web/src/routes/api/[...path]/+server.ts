// Addresses under /api that are none.

import { otherwise } from '#server/api/endpoint.ts';

export const fallback = otherwise();
