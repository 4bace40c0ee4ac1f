import { describe, expect, it } from 'vitest';
import { asPath, localAddress } from './local-address.ts';

describe('an address that a program prints', () => {
	it.each([
		['http://localhost:8000', { port: 8000, path: '/' }],
		['http://127.0.0.1:5000/a?b=c#d', { port: 5000, path: '/a?b=c#d' }],
		['http://0.0.0.0:3000/', { port: 3000, path: '/' }],
		['http://[::]:8080/', { port: 8080, path: '/' }],
		['http://localhost/', { port: 80, path: '/' }],
	])('%s is the sandbox’s', (uri, place) => {
		expect(localAddress(uri)).toEqual(place);
	});

	it.each([
		'http://example.org:8000/',
		'http://localhost.evil.example/',
		'http://user@evil.example/localhost:80',
		'javascript:alert(1)//localhost',
		'file://localhost/etc/passwd',
		'nonsense',
	])('%s is not', (uri) => {
		expect(localAddress(uri)).toBe(undefined);
	});
});

it('a typed path never leads elsewhere', () => {
	expect(asPath('//evil.example/x')).toBe('/evil.example/x');
	expect(asPath(' \\\\evil ')).toBe('/evil');
	expect(asPath('a/b?c')).toBe('/a/b?c');
});
