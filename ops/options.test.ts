import { expect, it } from 'vitest';
import { readOptions } from './options.mjs';

it.each([
	[[], { lan: false, tls: false }],
	[['--lan', '--port', '8000'], { lan: true, port: '8000' }],
	[['--lan', '--host', 'class.local', '--host', '10.0.0.9'], { host: ['class.local', '10.0.0.9'] }],
	[['--lan', '--host', '2001:db8::5'], { host: ['2001:db8::5'] }],
	[['--lan', '--tls-cert', 'c.pem', '--tls-key', 'k.pem'], { 'tls-cert': 'c.pem' }],
])('takes %j', (args, expected) => {
	expect(readOptions(args).values).toMatchObject(expected);
});

it.each([
	[['--lna'], /Unknown option '--lna'/],
	[['lan'], /Unexpected argument 'lan'/],
	[['--port'], /argument missing/],
	[['--port', '65534'], /no port/],
	[['--port', 'http'], /no port/],
	[['--tls'], /--tls is about other devices/],
	[['--host', '10.0.0.9'], /--host is about other devices/],
	[['--lan', '--host', 'http://10.0.0.9'], /neither a name nor an address/],
	[['--lan', '--host', '10.0.0.9:7400'], /neither a name nor an address/],
	[['--lan', '--host', 'a b'], /neither a name nor an address/],
	[['--lan', '--host', 'class.local/j'], /neither a name nor an address/],
	[['--lan', '--tls-cert', 'c.pem'], /come together/],
])('refuses %j in words', (args, words) => {
	expect(readOptions(args).refusal).toMatch(words);
});
