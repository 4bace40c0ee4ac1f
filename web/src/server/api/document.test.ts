// The OpenAPI document: sound, and about exactly the routes that there are.

import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from './document.ts';
import { OPERATIONS } from './operations.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const routes = fileURLToPath(new URL('../../routes', import.meta.url));
const document = openApiDocument('http://127.0.0.1:7400');

/** `GET /api/labs/{slug}` for each method of each route file. */
async function routed(): Promise<string[]> {
	const all: string[] = [];
	for (const file of globSync('api/**/+server.ts', { cwd: routes })) {
		const path = `/${file.replace('/+server.ts', '')}`.replaceAll(/\[(\w+)\]/g, '{$1}');
		const route = (await import(pathToFileURL(`${routes}/${file}`).href)) as object;
		expect(route, file).toHaveProperty('fallback');
		all.push(...METHODS.filter((method) => method in route).map((method) => `${method} ${path}`));
	}
	return all.sort();
}

describe('the OpenAPI document', () => {
	it('is one', async () => {
		// A copy: the validator resolves references in place.
		const result = await new Validator().validate({ ...structuredClone(document) });
		expect(result.errors).toBeUndefined();
		expect(result.valid).toBe(true);
	});

	it('describes every route, and no other', async () => {
		const described = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
			Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
		);
		expect(described.length).toBeGreaterThan(10);
		expect(described.sort()).toEqual(await routed());
	});

	it('names operations once', () => {
		const ids = OPERATIONS.map((operation) => operation.id);
		expect(new Set(ids).size).toBe(ids.length);
	});

	it('is told in docs/api.md, operation by operation', async () => {
		const page = await readFile(new URL('../../../../docs/api.md', import.meta.url), 'utf8');
		const told = [...page.matchAll(/^\| `([A-Z]+) (\/api[^`]*)`/gm)].map(
			([, method, path]) => `${method} ${path}`,
		);
		expect(told.sort()).toEqual(OPERATIONS.map(({ method, path }) => `${method} ${path}`).sort());
	});
});
