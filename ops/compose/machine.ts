// What this machine knows and a build inside a container doesn't: its npm registry with a token for it,
// its proxies, and the authorities it trusts.

import { readFile } from 'node:fs/promises';
import { output } from '../shell.ts';

export interface MachineSettings {
	/** `npmrc` and `ca`, as the Dockerfile names them. */
	secrets: Map<string, Buffer>;
	/** Docker's predefined ones, which no image remembers. */
	args: Record<string, string>;
	/** A registry on this machine's loopback can be reached from its own network alone. */
	network: 'host' | undefined;
}

export async function readMachine(root: string, env: NodeJS.ProcessEnv): Promise<MachineSettings> {
	const npm = async (key: string) => {
		const value = await output(['npm', 'config', 'get', key], { cwd: root }).catch(() => '');
		return ['null', 'undefined', ''].includes(value.trim()) ? undefined : value.trim();
	};
	const [registry, strict, proxy, cafile, userconfig, globalconfig] = await Promise.all(
		['registry', 'strict-ssl', 'https-proxy', 'cafile', 'userconfig', 'globalconfig'].map(npm),
	);
	const lines = [];
	if (registry) lines.push(`registry=${registry}`);
	if (strict === 'false') lines.push('strict-ssl=false');
	if (proxy) lines.push(`https-proxy=${proxy}`, `proxy=${proxy}`);
	for (const path of [globalconfig, userconfig]) {
		const text = path ? await readFile(path, 'utf8').catch(() => '') : '';
		lines.push(...tokens(text, env));
	}
	const secrets = new Map<string, Buffer>([['npmrc', Buffer.from(`${lines.join('\n')}\n`)]]);
	const ca = await firstReadable([
		cafile,
		env['NODE_EXTRA_CA_CERTS'],
		env['SSL_CERT_FILE'],
		'/etc/ssl/certs/ca-certificates.crt',
	]);
	if (ca) secrets.set('ca', ca);
	return { secrets, args: proxies(env), network: isLoopback(registry) ? 'host' : undefined };
}

/** The lines of an npmrc that belong to one registry; `${NAME}` stands for a variable, as npm has it. */
export function tokens(npmrc: string, env: NodeJS.ProcessEnv): string[] {
	return npmrc
		.split('\n')
		.filter((line) => line.startsWith('//'))
		.map((line) =>
			line
				.replace(/\s*=\s*/, '=')
				.replaceAll(/\$\{([^}]+)\}/g, (whole, name: string) => env[name] ?? whole),
		);
}

function proxies(env: NodeJS.ProcessEnv): Record<string, string> {
	const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [
		name,
		name.toUpperCase(),
	]);
	return Object.fromEntries(
		names.flatMap((name) => {
			const value = env[name];
			return value ? [[name, value]] : [];
		}),
	);
}

function isLoopback(address: string | undefined): boolean {
	const host = address && URL.canParse(address) ? new URL(address).hostname : '';
	return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

async function firstReadable(paths: (string | undefined)[]): Promise<Buffer | undefined> {
	for (const path of paths) {
		const bytes = path ? await readFile(path).catch(() => undefined) : undefined;
		if (bytes) return bytes;
	}
	return undefined;
}
