// The certificate that someone gives us: looked at before anyone meets it, and refused in words.

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Refusal } from '../steps.ts';
import { covers, namesIn } from './own-certificate.ts';

export interface GivenCertificate {
	certificate: X509Certificate;
	/** The first name in it that can be typed: no wildcard. */
	name: string | undefined;
}

export async function readGivenCertificate(
	files: { certificate: string; key: string },
	now = new Date(),
): Promise<GivenCertificate> {
	const certificate = parseCertificate(files.certificate, await read(files.certificate));
	const key = parseKey(files.key, await read(files.key));
	if (!certificate.checkPrivateKey(key)) {
		throw new Refusal(
			`The key in ${files.key} does not belong to the certificate in ${files.certificate}. ` +
				'The server’s own certificate must stand first in its file, before those of its issuers.',
		);
	}
	if (now > certificate.validToDate) {
		throw new Refusal(
			`The certificate in ${files.certificate} expired on ${day(certificate.validToDate)}. ` +
				'Renew it, or let one be made: --tls',
		);
	}
	if (now < certificate.validFromDate) {
		throw new Refusal(
			`The certificate in ${files.certificate} begins only on ${day(certificate.validFromDate)}. ` +
				'Is this machine’s clock right?',
		);
	}
	return { certificate, name: namesIn(certificate).find((name) => !name.includes('*')) };
}

/** Browsers must find in it what people type. */
export function mustCover({ certificate }: GivenCertificate, file: string, host: string): void {
	if (covers(certificate, host)) return;
	const names = namesIn(certificate);
	const [first = 'NAME'] = names;
	throw new Refusal(
		`The certificate in ${file} is for ${names.join(', ') || 'no name at all'}, not for ${host}. ` +
			`Say by which of its names others reach this machine: --host ${first.replace('*', 'class')}`,
	);
}

async function read(file: string): Promise<string> {
	return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
		const why = error.code === 'ENOENT' ? 'it isn’t there' : error.message;
		throw new Refusal(`${file} can’t be read: ${why}.`);
	});
}

function parseCertificate(file: string, pem: string): X509Certificate {
	try {
		return new X509Certificate(pem);
	} catch {
		throw new Refusal(`${file} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).`);
	}
}

function parseKey(file: string, pem: string): KeyObject {
	try {
		return createPrivateKey(pem);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE' || /ENCRYPTED/.test(pem))
			throw new Refusal(
				`The key in ${file} is closed by a passphrase. Open it first: ` +
					`openssl pkey -in ${file} -out open-key.pem`,
			);
		throw new Refusal(`${file} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----).`);
	}
}

const day = (date: Date): string => date.toISOString().slice(0, 10);
