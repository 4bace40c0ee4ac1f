// For tests: a program that uses the API, and holds every answer against the OpenAPI document.

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import type { ApiErrorBody } from './src/server/api/schemas.ts';
import type { Browser } from './testing.ts';

interface Documented {
	paths: Record<string, Record<string, { responses: Record<string, DocumentedResponse> }>>;
}
type DocumentedResponse = { description: string; content?: object };

export interface ApiRequest {
	json?: unknown;
	headers?: Record<string, string>;
	body?: BodyInit;
}

export interface ApiResponse {
	status: number;
	headers: Headers;
	/** As JSON; undefined without a body. */
	body: unknown;
	/** Of a refusal. */
	error: ApiErrorBody['error'];
}

export class ApiClient {
	readonly #browser: Browser;
	readonly #document: Documented;
	readonly #ajv: Ajv2020;

	private constructor(browser: Browser, document: Documented) {
		this.#browser = browser;
		this.#document = document;
		this.#ajv = new Ajv2020({ strict: false, allErrors: true });
		addFormats.default(this.#ajv);
		this.#ajv.addSchema(document as object, 'api');
	}

	/** With the document that the server itself hands out. */
	static async of(browser: Browser): Promise<ApiClient> {
		const response = await browser.send('/api/openapi.json');
		return new ApiClient(browser, (await response.json()) as Documented);
	}

	/** The same document, somebody else. */
	as(browser: Browser): ApiClient {
		return new ApiClient(browser, this.#document);
	}

	get = (path: string, request: ApiRequest = {}) => this.call('GET', path, request);
	post = (path: string, request: ApiRequest = {}) => this.call('POST', path, request);
	put = (path: string, request: ApiRequest = {}) => this.call('PUT', path, request);
	delete = (path: string, request: ApiRequest = {}) => this.call('DELETE', path, request);

	async call(method: string, path: string, request: ApiRequest): Promise<ApiResponse> {
		const { json, headers = {}, body } = request;
		const sent = json === undefined ? body : JSON.stringify(json);
		const response = await this.#browser.send(path, {
			method,
			headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
			...(sent !== undefined && { body: sent }),
			...(sent instanceof ReadableStream && { duplex: 'half' }),
		});
		const text = await response.text();
		const answered = text === '' ? undefined : (JSON.parse(text) as unknown);
		this.#check(method, path, response, answered);
		const { error } = (answered ?? {}) as Partial<ApiErrorBody>;
		const { status } = response;
		return { status, headers: response.headers, body: answered, error: error ?? NO_ERROR };
	}

	#check(method: string, path: string, { status, headers }: Response, body: unknown): void {
		const what = `${method} ${path.slice(0, 100)} → ${status}`;
		if (body !== undefined) expect(headers.get('content-type'), what).toBe('application/json');
		expect(headers.get('cache-control'), what).toContain('no-store');
		const template = this.#template(path);
		const operation = template && this.#document.paths[template]?.[method.toLowerCase()];
		if (!template || !operation) {
			expect([404, 405], what).toContain(status);
			return this.#valid('api#/components/schemas/Error', body, what);
		}
		const described = operation.responses[status];
		expect(described, `${what} is documented`).toBeDefined();
		if (!described?.content) return expect(body, what).toBeUndefined();
		const escaped = template.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D');
		const schema = `${method.toLowerCase()}/responses/${status}/content/application~1json/schema`;
		this.#valid(`api#/paths/${escaped}/${schema}`, body, what);
		if (status < 400) return;
		// A refusal that the document doesn't name is one that nobody can prepare for.
		expect(described.description, what).toContain(`\`${(body as ApiErrorBody).error.code}\``);
	}

	#template(path: string): string | undefined {
		const pathname = path.split('?')[0]!;
		return Object.keys(this.#document.paths).find((template) =>
			new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`).test(
				pathname,
			),
		);
	}

	#valid($ref: string, body: unknown, what: string): void {
		const validate = this.#ajv.getSchema($ref) ?? this.#ajv.compile({ $ref });
		void validate(body);
		expect(validate.errors ?? [], what).toEqual([]);
	}
}

const NO_ERROR: ApiErrorBody['error'] = { code: '', message: '' };
