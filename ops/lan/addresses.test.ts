import type { NetworkInterfaceInfo } from 'node:os';
import { expect, it } from 'vitest';
import { candidates, defaultInterface } from './addresses.ts';

const at = (address: string, internal = false): NetworkInterfaceInfo[] => [
	{
		...{ address, internal, cidr: null, mac: '', netmask: '' },
		...(address.includes(':') ? { family: 'IPv6', scopeid: 0 } : { family: 'IPv4' }),
	} as NetworkInterfaceInfo,
];

it('offers what other devices can use, the likeliest first', () => {
	const interfaces = {
		lo: [...at('127.0.0.1', true), ...at('::1', true)],
		docker0: at('172.17.0.1'),
		'br-5f2a': at('172.18.0.1'),
		virbr0: at('192.168.122.1'),
		wg0: at('10.8.0.2'),
		usb0: at('169.254.3.4'),
		eth0: at('10.0.0.9'),
		wlan0: [...at('192.168.1.5'), ...at('2001:db8::5'), ...at('fe80::1')],
	};
	expect(candidates(interfaces, 'wlan0')).toEqual([
		{ address: '192.168.1.5', name: 'wlan0' },
		{ address: '10.0.0.9', name: 'eth0' },
		{ address: '2001:db8::5', name: 'wlan0' },
		{ address: '10.8.0.2', name: 'wg0' },
	]);
});

it('offers nothing on a machine without a network', () => {
	expect(candidates({ lo: at('127.0.0.1', true), docker0: at('172.17.0.1') }, undefined)).toEqual(
		[],
	);
});

it('finds the interface that leads out, by the lower metric', () => {
	const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT';
	const row = (name: string, destination: string, metric: number, mask = '00000000') =>
		`${name}\t${destination}\t0101A8C0\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0`;
	const routes = [
		head,
		row('wlan0', '00000000', 600),
		row('eth0', '00000000', 100),
		row('docker0', '000011AC', 0, '0000FFFF'),
		'',
	].join('\n');
	expect(defaultInterface(routes)).toBe('eth0');
	expect(defaultInterface(head)).toBeUndefined();
});
