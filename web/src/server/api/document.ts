// The API as an OpenAPI 3.1 document, made from its operations.

import { createDocument, type ZodOpenApiObject, type ZodOpenApiOperationObject } from 'zod-openapi';
import { z } from 'zod';
import { OPERATIONS, refusalsOf, type Operation } from './operations.ts';
import { REFUSALS, type RefusalCode } from './refusals.ts';
import { ApiErrorBody } from './schemas.ts';

const COOKIE = 'containrlab_session';
const ETag = z.string().meta({ description: 'SHA-256 of the file’s content, in quotes.' });

type Paths = NonNullable<ZodOpenApiObject['paths']>;
type Responses = ZodOpenApiOperationObject['responses'];

/** `server` is the address under which this server was asked. */
export function openApiDocument(server: string) {
	return createDocument({
		openapi: '3.1.0',
		info: {
			title: 'ContainrLab',
			version: '1',
			description: 'What a page of the classroom does, for programs. docs/api.md has examples.',
			license: { name: 'MIT', identifier: 'MIT' },
		},
		servers: [{ url: server }],
		components: {
			securitySchemes: {
				session: {
					type: 'apiKey',
					in: 'cookie',
					name: COOKIE,
					description: 'Given at sign-in. Whatever changes something names our origin as well.',
				},
			},
		},
		paths: paths(),
	});
}

function paths(): Paths {
	const all: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
	for (const operation of OPERATIONS) {
		(all[operation.path] ??= {})[operation.method.toLowerCase()] = describe(operation);
	}
	return all;
}

function describe(operation: Operation): ZodOpenApiOperationObject {
	const { query, headers: header, body } = operation;
	const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
	const path = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
	return {
		operationId: operation.id,
		summary: operation.summary,
		...(operation.description !== undefined && { description: operation.description }),
		...(!operation.open && { security: [{ session: [] }] }),
		requestParams: {
			...(names.length > 0 && { path }),
			...(query && { query }),
			...(header && { header }),
		},
		...(body && { requestBody: { required: true, content: json(body) } }),
		responses: { ...answers(operation), ...refusals(operation) },
	};
}

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });

function answers(operation: Operation): Responses {
	const entries = Object.entries(operation.answers).map(([status, { description, ...answer }]) => [
		status,
		{
			description,
			...(answer.schema && { content: json(answer.schema) }),
			...(answer.etag && { headers: z.object({ etag: ETag.optional() }) }),
		},
	]);
	return Object.fromEntries(entries) as Responses;
}

/** One entry for each status, naming the codes that come with it. */
function refusals(operation: Operation): Responses {
	const byStatus = Map.groupBy(refusalsOf(operation), (code) => REFUSALS[code].status);
	const line = (code: RefusalCode) => `\`${code}\`: ${REFUSALS[code].message}`;
	const entries = [...byStatus].map(([status, codes]) => [
		String(status),
		{ description: codes.map(line).join('\n\n'), content: json(ApiErrorBody) },
	]);
	return Object.fromEntries(entries) as Responses;
}
