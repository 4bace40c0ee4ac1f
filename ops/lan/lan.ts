// How a class on the network reaches web: under which address, by which names, with which certificate.

import { hostname } from 'node:os';
import { isIP } from 'node:net';
import type { LanConfig } from '../config.ts';
import { Refusal } from '../steps.ts';
import { bracketed, findAddresses, type Candidate } from './addresses.ts';
import { mustCover, readGivenCertificate } from './given-certificate.ts';
import { openOwnCertificate } from './own-certificate.ts';

export interface Lan {
	/** What others type, without scheme and port. */
	host: string;
	secure: boolean;
	/** Where else it can be reached, with the interface's name. */
	others: Candidate[];
	/** Names, beside addresses, that web takes for its own. */
	names: string[];
	tls: LanTls | undefined;
}

export interface LanTls {
	certificate: string;
	key: string;
	/** Of a certificate that no browser trusts by itself. */
	ownFingerprint: string | undefined;
}

/** `ownFile` keeps the certificate that is made where none is given. */
export async function openLan(
	config: LanConfig,
	ownFile: string,
	find = findAddresses,
): Promise<Lan> {
	const found = await find();
	const given = config.tls.kind === 'given' ? await readGivenCertificate(config.tls) : undefined;
	const host = config.hosts[0] ?? given?.name ?? found[0]?.address;
	if (host === undefined) {
		throw new Refusal(
			'This machine is on no network that others could reach it by: it has no address but its own ' +
				'loopback. Connect it to the Wi-Fi or cable of the room, or say its address: --host ADDRESS',
		);
	}
	const mine = [...config.hosts, ...(given?.name ? [given.name] : []), ...ownNames()];
	const base = {
		host,
		others: found.filter(({ address }) => address !== host),
		names: [...new Set(mine)].filter((name) => !isIP(name)),
	};
	if (config.tls.kind === 'none') return { ...base, secure: false, tls: undefined };
	if (config.tls.kind === 'given' && given) {
		mustCover(given, config.tls.certificate, host);
		const { certificate, key } = config.tls;
		return { ...base, secure: true, tls: { certificate, key, ownFingerprint: undefined } };
	}
	const addresses = found.map(({ address }) => address);
	const wanted = [...config.hosts, ...addresses, ...ownNames(), 'localhost', '127.0.0.1', '::1'];
	const { fingerprint } = await openOwnCertificate(ownFile, [...new Set(wanted)]);
	const tls = { certificate: ownFile, key: ownFile, ownFingerprint: fingerprint };
	return { ...base, secure: true, tls };
}

/** Known to a router or announced by mDNS, if anybody does. */
function ownNames(): string[] {
	const name = hostname().toLowerCase();
	if (!/^[a-z0-9][a-z0-9.-]*$/.test(name) || isIP(name)) return [];
	return name.includes('.') ? [name] : [name, `${name}.local`];
}

export const originOf = ({ host, secure }: Pick<Lan, 'host' | 'secure'>, port: number): string =>
	new URL(`${secure ? 'https' : 'http'}://${bracketed(host)}:${port}`).origin;
