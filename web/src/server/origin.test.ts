import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { addressOf, isFromOurPages, isLoopback, type Site } from './origin.ts';

const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;
const plain: Site = {
	...{ origin: undefined, hosts: [], lanOrigin: undefined },
	...{ secure: false, ownCertificate: false },
};
const proxied: Site = { ...plain, origin: 'https://class.example' };
const named: Site = { ...plain, hosts: ['teacher.local'] };
const tls: Site = { ...named, secure: true };

it.each([
	['127.0.0.1:7400', plain, 'http://127.0.0.1:7400'],
	['LocalHost:7400', plain, 'http://localhost:7400'],
	['preview.localhost:7400', plain, 'http://preview.localhost:7400'],
	['[::1]:7400', plain, 'http://[::1]:7400'],
	['class.example', proxied, 'https://class.example'],
	['Class.Example', proxied, 'https://class.example'],
	['192.168.1.5:7400', proxied, 'http://192.168.1.5:7400'],
	['[2001:db8::5]:7400', plain, 'http://[2001:db8::5]:7400'],
	['teacher.local:7400', named, 'http://teacher.local:7400'],
	['192.168.1.5:7400', tls, 'https://192.168.1.5:7400'],
])('%s is ours', (host, site, origin) => {
	expect(addressOf(request({ host }), site)).toEqual({ kind: 'ours', origin });
});

it.each([
	['rebound.example:7400', plain, 'rebound.example'],
	['class.example:7400', proxied, 'class.example'],
	['teacher.local.evil.example', named, 'teacher.local.evil.example'],
	['localhost.evil.example', plain, 'localhost.evil.example'],
	['192.168.1.5.evil.example', plain, '192.168.1.5.evil.example'],
])('%s is somebody else’s name', (host, site, name) => {
	expect(addressOf(request({ host }), site)).toEqual({ kind: 'foreign', host: name });
});

it.each(['a/b', 'a b', 'user@evil', '[', 'a:b', 'a:99999', ''])('%j can’t be read', (host) => {
	expect(addressOf(request({ host }), plain)).toEqual({ kind: 'unreadable' });
	expect(addressOf(request({}), proxied)).toEqual({ kind: 'unreadable' });
});

it('takes only the origin itself for ours', () => {
	const origin = 'http://127.0.0.1:7400';
	expect(isFromOurPages(request({ origin }), origin)).toBe(true);
	for (const other of ['null', 'http://127.0.0.1', 'https://127.0.0.1:7400', `${origin}.evil`]) {
		expect(isFromOurPages(request({ origin: other }), origin)).toBe(false);
	}
	expect(isFromOurPages(request({}), origin)).toBe(false);
});

it('knows which addresses only this computer can open', () => {
	for (const own of ['localhost', 'x.localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
		expect(isLoopback(own)).toBe(true);
	}
	for (const other of ['192.168.1.5', 'teacher.local', 'localhost.example', '[2001:db8::1]']) {
		expect(isLoopback(other)).toBe(false);
	}
});
