import { encode } from 'uqr';
import { expect, it } from 'vitest';
import { announcement, type Announcement } from './announce.ts';
import type { Lan } from './lan.ts';
import { terminalQr } from './terminal-qr.ts';

const lan: Lan = {
	...{ host: '192.168.1.5', secure: false, names: [], tls: undefined },
	others: [{ address: '10.0.0.9', name: 'eth1' }],
};
const told: Announcement = {
	...{ origin: 'http://localhost:7400', port: 7400, lan, terminal: false },
	class: { id: 'class1', name: 'Docker 101', joinCode: 'ABCDEFGHJK' },
	accounts: [{ role: 'Instructor', email: 'i@example.org', password: 'secret' }],
};

it('says how the room gets in, and that plain http can be read', () => {
	const text = announcement(told);
	for (const line of [
		'http://192.168.1.5:7400\n',
		'http://10.0.0.9:7400   (eth1)',
		'http://192.168.1.5:7400/j/ABCDEFGHJK',
		'http://192.168.1.5:7400/classes/class1/projector',
		'ABCD-EFGH-JK',
		'unencrypted',
	]) {
		expect(text).toContain(line);
	}
	expect(text).toContain(terminalQr('http://192.168.1.5:7400/j/ABCDEFGHJK', false)[5]);
});

it('shows the fingerprint of our own certificate, and says nothing of a given one', () => {
	const ownFingerprint = Array.from({ length: 32 }, (_, byte) =>
		byte.toString(16).padStart(2, '0').toUpperCase(),
	).join(':');
	const secure = (tls: Lan['tls']) => announcement({ ...told, lan: { ...lan, secure: true, tls } });
	const own = secure({ certificate: 'c', key: 'k', ownFingerprint });
	expect(own).toContain('https://192.168.1.5:7400/j/ABCDEFGHJK');
	expect(own).toContain(ownFingerprint.slice(0, 47));
	expect(own).toContain(ownFingerprint.slice(48));
	const given = secure({ certificate: 'c', key: 'k', ownFingerprint: undefined });
	expect(given).not.toMatch(/fingerprint|unencrypted/);
});

it('on this computer alone there is no code to scan', () => {
	const text = announcement({ ...told, lan: undefined });
	expect(text).toContain('http://localhost:7400/join/ABCDEFGHJK');
	expect(text).not.toContain('█');
});

it('draws the code’s modules, two rows to a line, dark on light', () => {
	const { data, size } = encode('http://192.168.1.5:7400', { border: 2, ecc: 'L' });
	const read = (lines: string[], dark: (sign: string) => [boolean, boolean]) =>
		lines
			.map((line) => Array.from(line, dark))
			.flatMap((line) => [line.map(([upper]) => upper), line.map(([, lower]) => lower)])
			.slice(0, size);
	const inks = (sign: string): [boolean, boolean] => [/[█▀]/.test(sign), /[█▄]/.test(sign)];
	const lines = terminalQr('http://192.168.1.5:7400', true).map((line) =>
		line.replace(/\u001b\[[\d;]*m/g, ''),
	);
	expect(read(lines, inks)).toEqual(data);
	const plain = terminalQr('http://192.168.1.5:7400', false);
	expect(read(plain, (sign) => inks(sign).map((ink) => !ink) as [boolean, boolean])).toEqual(data);
});
