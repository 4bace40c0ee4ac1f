// What the API is, for programs.

import { openApiDocument } from '#server/api/document.ts';
import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { openapi } from '#server/api/operations.ts';

export const GET = endpoint(openapi, async ({ url }, answer) =>
	answer(200, { ...openApiDocument(url.origin) }),
);
export const fallback = otherwise(openapi);
