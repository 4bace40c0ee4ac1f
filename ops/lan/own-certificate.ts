// The certificate that we make for ourselves where nobody gives us one: made once, kept, and made
// anew when this machine has another name or address, or when it nears its end.

import { KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
// What @peculiar/x509 builds on expects it to be there.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const DAY_MS = 86_400_000;
/** No browser takes one that is much longer. */
const VALID_DAYS = 365;
const RENEWED_DAYS = 30;
/** A laptop that goes to and fro between two rooms keeps one certificate, which browsers remember. */
const KEPT_NAMES = 40;

/** `file` then holds the key and a certificate for `names`; the fingerprint is what browsers show. */
export async function openOwnCertificate(
	file: string,
	names: readonly string[],
	now = new Date(),
): Promise<{ fingerprint: string; made: boolean }> {
	const kept = await readFile(file, 'utf8')
		.then((pem) => new X509Certificate(pem))
		.catch(() => undefined);
	const lasts = kept && kept.validToDate.getTime() - now.getTime() > RENEWED_DAYS * DAY_MS;
	if (kept && lasts && names.every((name) => covers(kept, name))) {
		return { fingerprint: kept.fingerprint256, made: false };
	}
	const wanted = [...new Set([...names, ...(kept ? namesIn(kept) : [])])];
	const pem = await make(wanted.slice(0, Math.max(KEPT_NAMES, names.length)), now);
	// Whole or not at all: key and certificate belong together.
	const partial = `${file}.${randomBytes(6).toString('hex')}`;
	await writeFile(partial, pem, { mode: 0o600 });
	await rename(partial, file);
	return { fingerprint: new X509Certificate(pem).fingerprint256, made: true };
}

/** Whether browsers take it for this name or address. */
export const covers = (certificate: X509Certificate, host: string): boolean =>
	(isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;

/** Names and addresses as one would type them. */
export function namesIn(certificate: X509Certificate): string[] {
	const { extensions } = new x509.X509Certificate(certificate.raw);
	return extensions
		.filter((extension) => extension instanceof x509.SubjectAlternativeNameExtension)
		.flatMap(({ names }) => names.items.map(({ value }) => value));
}

async function make(names: readonly string[], now: Date): Promise<string> {
	const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
	const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
	const certificate = await x509.X509CertificateGenerator.createSelfSigned({
		name: 'CN=ContainrLab classroom',
		// Other people's clocks are late.
		notBefore: new Date(now.getTime() - DAY_MS),
		notAfter: new Date(now.getTime() + VALID_DAYS * DAY_MS),
		signingAlgorithm: algorithm,
		keys,
		extensions: [
			new x509.BasicConstraintsExtension(false, undefined, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
			new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
			new x509.SubjectAlternativeNameExtension(
				names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
			),
		],
	});
	const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
	return `${key.toString().trim()}\n${certificate.toString('pem').trim()}\n`;
}
