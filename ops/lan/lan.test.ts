// Which address, names and certificate a class gets, and what is refused before anybody meets it.

import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LanConfig } from '../config.ts';
import { readGivenCertificate } from './given-certificate.ts';
import { openLan, originOf } from './lan.ts';
import { openOwnCertificate } from './own-certificate.ts';

const DAY_MS = 86_400_000;
let dir: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), 'containrlab-lan-'));
});
afterEach(() => rm(dir, { recursive: true }));

const at = (...addresses: string[]) => {
	const found = addresses.map((address, index) => ({ address, name: `eth${index}` }));
	return () => Promise.resolve(found);
};
const open = (config: Partial<LanConfig>, find = at('192.168.1.5', '10.0.0.9')) =>
	openLan({ hosts: [], tls: { kind: 'none' }, ...config }, join(dir, 'tls.pem'), find);
const certificateIn = async (file: string) => new X509Certificate(await readFile(file));

/** A certificate and its key as files of their own. */
async function given(name: string, hosts: string[], made?: Date) {
	const both = join(dir, `${name}.pem`);
	await openOwnCertificate(both, hosts, made);
	const pem = await readFile(both, 'utf8');
	const split = pem.indexOf('-----BEGIN CERTIFICATE');
	const files = { certificate: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) };
	await writeFile(files.certificate, pem.slice(split));
	await writeFile(files.key, pem.slice(0, split));
	return files;
}

describe('the address', () => {
	it('is the likeliest that was found; the others are told', async () => {
		const lan = await open({});
		expect(originOf(lan, 7400)).toBe('http://192.168.1.5:7400');
		expect(lan.others).toEqual([{ address: '10.0.0.9', name: 'eth1' }]);
	});

	it('is the one that was given', async () => {
		const lan = await open({ hosts: ['class.local', '10.0.0.9'] });
		expect(originOf(lan, 80)).toBe('http://class.local');
		expect(lan.names).toContain('class.local');
		expect(originOf(await open({ hosts: ['2001:db8::5'] }), 7400)).toBe(
			'http://[2001:db8::5]:7400',
		);
	});

	it('is missing on a machine without a network, in words', async () => {
		await expect(open({}, at())).rejects.toThrow(/on no network.*--host ADDRESS/s);
		await expect(open({ hosts: ['10.0.0.9'] }, at())).resolves.toBeDefined();
	});
});

describe('our own certificate', () => {
	it('covers every name and address, and its key is for us alone', async () => {
		const { tls } = await open({ hosts: ['class.local'], tls: { kind: 'own' } });
		const certificate = await certificateIn(tls!.certificate);
		for (const name of ['class.local', 'localhost']) {
			expect(certificate.checkHost(name)).toBe(name);
		}
		for (const address of ['192.168.1.5', '10.0.0.9', '127.0.0.1', '::1']) {
			expect(certificate.checkIP(address)).toBe(address);
		}
		expect((await stat(tls!.key)).mode & 0o777).toBe(0o600);
		expect(tls!.ownFingerprint).toBe(certificate.fingerprint256);
	});

	it('stays while it covers what is there, also back in the first room', async () => {
		const own = { tls: { kind: 'own' } } as const;
		const school = await open(own);
		expect((await open(own)).tls).toEqual(school.tls);
		const home = await open(own, at('192.168.178.20', 'fd00::2'));
		expect(home.tls!.ownFingerprint).not.toBe(school.tls!.ownFingerprint);
		expect((await open(own)).tls).toEqual(home.tls);
	});

	it('is made anew a month before its end, and when its file is damaged', async () => {
		const file = join(dir, 'own.pem');
		const made = await openOwnCertificate(file, ['a.example']);
		const later = (days: number) => new Date(Date.now() + days * DAY_MS);
		expect(await openOwnCertificate(file, ['a.example'], later(330))).toEqual({
			...made,
			made: false,
		});
		expect((await openOwnCertificate(file, ['a.example'], later(340))).made).toBe(true);
		await writeFile(file, 'half a file');
		expect((await openOwnCertificate(file, ['a.example'])).made).toBe(true);
	});
});

describe('a given certificate', () => {
	it('says by its name what others type, unless that is said', async () => {
		const files = await given('named', ['*.lab.example', 'class.example']);
		const lan = await open({ tls: { kind: 'given', ...files } });
		expect(originOf(lan, 7400)).toBe('https://class.example:7400');
		expect(lan.names).toContain('class.example');
		expect(lan.tls).toEqual({ ...files, ownFingerprint: undefined });
		const other = await open({ hosts: ['a.lab.example'], tls: { kind: 'given', ...files } });
		expect(other.host).toBe('a.lab.example');
	});

	it('is refused when it is not for what others type', async () => {
		const files = await given('other', ['class.example']);
		await expect(
			open({ hosts: ['192.168.1.5'], tls: { kind: 'given', ...files } }),
		).rejects.toThrow(/is for class\.example, not for 192\.168\.1\.5.*--host class\.example/s);
	});

	it('is refused when it is missing, damaged, not the key’s, or out of its time', async () => {
		const good = await given('good', ['class.example']);
		const other = await given('bad', ['class.example']);
		const read = (files: Partial<typeof good>, now?: Date) =>
			readGivenCertificate({ ...good, ...files }, now);
		await expect(read({})).resolves.toMatchObject({ name: 'class.example' });
		await expect(read({ certificate: join(dir, 'no') })).rejects.toThrow(/isn’t there/);
		await expect(read({ certificate: good.key })).rejects.toThrow(/no certificate in PEM/);
		await expect(read({ key: good.certificate })).rejects.toThrow(/no private key in PEM/);
		await expect(read({ key: other.key })).rejects.toThrow(/does not belong/);
		const closed = join(dir, 'closed.key');
		const { createPrivateKey } = await import('node:crypto');
		const pem = createPrivateKey(await readFile(good.key)).export({
			...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
		} as const);
		await writeFile(closed, pem);
		await expect(read({ key: closed })).rejects.toThrow(/passphrase/);
		const years = (count: number) => new Date(Date.now() + count * 365 * DAY_MS);
		await expect(read({}, years(2))).rejects.toThrow(/expired on \d{4}-\d\d-\d\d/);
		await expect(read({}, years(-1))).rejects.toThrow(/clock right/);
	});
});
