import type { Transform } from 'node:stream';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { addressesBelow } from './below.ts';
import type { Exchange } from './headers.ts';

const PREFIX = '/~pass';
const exchange: Exchange = {
	...{ origin: 'http://192.0.2.5:7404', prefix: PREFIX, port: 8000 },
	...{ framedBy: 'http://192.0.2.5:7400', address: undefined },
};
const below = (type: string, headers = {}): Transform | undefined =>
	addressesBelow({ 'content-type': type, ...headers }, exchange);

async function through(type: string, pieces: Iterable<string | Buffer>): Promise<string> {
	const stream = below(type)!;
	const out = buffer(stream);
	for (const piece of pieces) {
		if (!stream.write(piece)) await once(stream, 'drain');
	}
	stream.end();
	return (await out).toString();
}
const withoutShim = (page: string) =>
	page
		.replace(/<script type="importmap">.*?<\/script>/s, '')
		.replace(/<script>\(function\(prefix\).*?<\/script>/s, '');

const PAGE =
	'<!doctype html>\n<html lang="en"><head class="a"><title>ü</title><style>a{background:url( "/a.png")}\n' +
	'@import \'/b.css\';</style></head><body><header>1 < 2</header><img alt="x>y" src = "/c.png">' +
	`<a href='/d'>d</a> <a href=//other/>o</a> <form action=/e></form><p title="src=/f">u</p></body></html>`;
const CSS =
	"@import '/a.css'; b{background:url(/b.png)} c{background:url( '/c.png' )} d{x:url(//o/d)}";

test('addresses from the root on get the path, wherever the text is cut', async () => {
	const page = await through('text/html; charset=utf-8', [PAGE]);
	expect(page).toContain(`<html lang="en"><head class="a"><script type="importmap">`);
	expect(withoutShim(page)).toBe(
		PAGE.replace('"/a.png', `"${PREFIX}/a.png`)
			.replace("'/b.css", `'${PREFIX}/b.css`)
			.replace('"/c.png', `"${PREFIX}/c.png`)
			.replace("'/d", `'${PREFIX}/d`)
			.replace('=/e', `=${PREFIX}/e`),
	);
	const css = await through('text/css', [CSS]);
	expect(css.split(`${PREFIX}/`)).toHaveLength(4);
	for (const [type, text, whole] of [
		['text/html', PAGE, page],
		['text/css', CSS, css],
	] as const) {
		const bytes = Buffer.from(text);
		expect(
			await through(
				type,
				Array.from(bytes, (byte) => Buffer.from([byte])),
			),
		).toBe(whole);
		for (let at = 1; at < bytes.length; at += 1) {
			const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
			expect(await through(type, pieces)).toBe(whole);
		}
	}
});

test('a page without a head has the script first, and one without anything stays so', async () => {
	expect(await through('text/html', ['<h1>hi</h1>'])).toMatch(/^<script.*<h1>hi<\/h1>$/s);
	expect(await through('text/html', ['hi'])).toMatch(/^<script.*hi$/s);
	expect(await through('text/html', [])).toBe('');
});

test('what a page says bit by bit goes on bit by bit', async () => {
	const stream = below('text/html')!;
	stream.write('<!doctype html><p>first</p>');
	expect(String((await once(stream, 'data'))[0])).toMatch(/<p>first<\/p>$/);
	stream.write('second');
	expect(String((await once(stream, 'data'))[0])).toBe('second');
});

test('a page made to be slow to look through isn’t', async () => {
	// Looked through once for each beginning, it would take hours.
	const heads = '<head '.repeat(500_000);
	expect(withoutShim(await through('text/html', [heads]))).toBe(heads);
	const spaces = `<a${' '.repeat(500_000)}`;
	expect(withoutShim(await through('text/html', [spaces]))).toBe(spaces);
});

test('what isn’t text that we can read passes as it is', () => {
	expect(below('application/json')).toBe(undefined);
	expect(below('text/html; charset=UTF-16LE')).toBe(undefined);
	expect(below('text/html', { 'content-encoding': 'gzip' })).toBe(undefined);
});
