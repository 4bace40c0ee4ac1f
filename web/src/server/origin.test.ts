import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { isFromOurPages, publicOrigin } from './origin.ts';

const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;

it.each([
	[{ host: '127.0.0.1:7400' }, undefined, 'http://127.0.0.1:7400'],
	[{ host: 'LocalHost:7400' }, undefined, 'http://localhost:7400'],
	[{ host: '[::1]:7400' }, undefined, 'http://[::1]:7400'],
	[{ host: 'class.example' }, 'https://class.example', 'https://class.example'],
	[{ host: '192.168.1.5:7400' }, 'https://class.example', 'http://192.168.1.5:7400'],
	[{}, 'https://class.example', undefined],
	[{ host: 'a/b' }, undefined, undefined],
	[{ host: 'a b' }, undefined, undefined],
	[{ host: 'user@evil' }, undefined, undefined],
	[{ host: '[' }, undefined, undefined],
	[{ host: 'a:b' }, undefined, undefined],
	[{ host: 'a:99999' }, 'https://class.example', undefined],
])('%o with %s is %s', (headers, configured, expected) => {
	expect(publicOrigin(request(headers), configured)).toBe(expected);
});

it('takes only the origin itself for ours', () => {
	const origin = 'http://127.0.0.1:7400';
	expect(isFromOurPages(request({ origin }), origin)).toBe(true);
	for (const other of ['null', 'http://127.0.0.1', 'https://127.0.0.1:7400', `${origin}.evil`]) {
		expect(isFromOurPages(request({ origin: other }), origin)).toBe(false);
	}
	expect(isFromOurPages(request({}), origin)).toBe(false);
});
