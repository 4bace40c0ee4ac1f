// What `npm start` prints at its end: where the class is, who may teach it, and how others get there.

import { groupCode } from '@containrlab/protocol/code.ts';
import type { Lan } from './lan.ts';
import { originOf } from './lan.ts';
import { terminalQr } from './terminal-qr.ts';

export interface Announcement {
	/** Of this computer alone. */
	origin: string;
	port: number;
	lan: Lan | undefined;
	class: { id: string; name: string; joinCode: string };
	accounts: { role: string; email: string; password: string }[];
	/** Whether a terminal shows it. */
	terminal: boolean;
}

export function announcement(told: Announcement): string {
	const { lan, port } = told;
	const { id, name, joinCode } = told.class;
	const origin = lan ? originOf(lan, port) : told.origin;
	const link = lan ? `${origin}/j/${joinCode}` : `${origin}/join/${joinCode}`;
	const emails = Math.max(...told.accounts.map(({ email }) => email.length));
	// Whatever scrolls away on a small screen, the addresses stay.
	const rows = [
		...(lan ? [...terminalQr(link, told.terminal).map((line) => `  ${line}`), ''] : []),
		...(lan ? [...safety(lan), ''] : []),
		row('ContainrLab is at', origin),
		...(lan?.others.map((other) =>
			row('', `${originOf({ ...lan, host: other.address }, port)}   (${other.name})`),
		) ?? []),
		'',
		...told.accounts.map(({ role, email, password }) =>
			row(role, `${email.padEnd(emails)}   ${password}`),
		),
		row('Class', name),
		row('Class code', groupCode(joinCode)),
		row('Join link', link),
		...(lan ? [row('Projector', `${origin}/classes/${id}/projector`)] : []),
		'',
		'  Ctrl-C stops everything and keeps all work.',
	];
	return `\n${rows.join('\n')}\n`;
}

const row = (title: string, text: string): string => `  ${title.padEnd(20)}${text}`;

/** What goes over the network in the open, or what browsers will say of our certificate. */
function safety({ tls }: Lan): string[] {
	if (!tls) {
		return [
			'  ! Plain http: passwords and work travel this network unencrypted. On a network that you',
			'    don’t trust, start with: npm start -- --lan --tls',
		];
	}
	if (tls.ownFingerprint === undefined) return [];
	return [
		'  Encrypted with a certificate of our own making. Browsers don’t know it: each student sees “Your',
		'  connection is not private” once, and goes on by Advanced → Proceed (in Firefox: Accept the Risk).',
		'  Whoever wants to be sure compares the certificate’s SHA-256 fingerprint with this one:',
		...fingerprintLines(tls.ownFingerprint),
	];
}

const fingerprintLines = (fingerprint: string): string[] =>
	[fingerprint.slice(0, 47), fingerprint.slice(48)].map((half) => `    ${half}`);
