// Which addresses of this machine other devices can use, the likeliest first.

import { readFile } from 'node:fs/promises';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

export interface Candidate {
	address: string;
	/** The network interface that has it, for someone who has to choose. */
	name: string;
}

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** Networks inside this machine: of containers, virtual machines and their like. */
const INSIDE = /^(docker|br-|veth|virbr|vmnet|vboxnet|lxc|lxd|cni|flannel|podman|cali|kube|ifb)/;
/** Reach some devices, hardly ever those in the room. */
const TUNNEL = /^(tun|tap|wg|tailscale|zt|utun|ppp|nebula)/;

export async function findAddresses(): Promise<Candidate[]> {
	const routes = await readFile('/proc/net/route', 'utf8').catch(() => '');
	return candidates(networkInterfaces(), defaultInterface(routes));
}

/** The interface that leads out, of `/proc/net/route`; the cheapest if there are several. */
export function defaultInterface(routes: string): string | undefined {
	const rows = routes
		.split('\n')
		.slice(1)
		.map((line) => line.split(/\s+/))
		.filter(([, destination, , , , , , mask]) => isZero(destination) && isZero(mask));
	return rows.sort((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0];
}

const isZero = (hex: string | undefined): boolean => hex === '00000000';

/** IPv4 before IPv6, which nobody likes to type; the way out first, tunnels last. */
export function candidates(interfaces: Interfaces, leadsOut: string | undefined): Candidate[] {
	const found = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
		addresses
			.filter(({ internal, address }) => !internal && !INSIDE.test(name) && !isLinkLocal(address))
			.map(({ address, family }) => ({
				...{ address, name },
				rank:
					(TUNNEL.test(name) ? 4 : 0) + (family === 'IPv4' ? 0 : 2) + (name === leadsOut ? 0 : 1),
			})),
	);
	return found.sort((a, b) => a.rank - b.rank).map(({ address, name }) => ({ address, name }));
}

const isLinkLocal = (address: string): boolean => /^169\.254\.|^fe[89ab].:/i.test(address);

/** As it stands in an address bar. */
export const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
