// Where the mirror fetches packages from: what this machine's own apt and npm are set to use.

import { readFile } from 'node:fs/promises';
import { findArchive } from '../images/debian.ts';
import { output } from '../shell.ts';

export interface Upstreams {
	/** Of Debian's archive, of its security updates, and of npm; without a slash at the end. */
	apt: string;
	aptSecurity: string;
	npm: string;
	/** Authorities to trust besides the public ones; PEM. */
	authorities: string;
}

const PUBLIC = {
	apt: 'http://deb.debian.org/debian',
	aptSecurity: 'http://deb.debian.org/debian-security',
	npm: 'https://registry.npmjs.org',
};

/** Of the images that students work with. */
const SUITE = 'trixie';

/** Never rejects. */
export async function findUpstreams(env: NodeJS.ProcessEnv): Promise<Upstreams> {
	const [apt, aptSecurity, npm, authorities] = await Promise.all([
		env['MIRROR_APT'] || archive(SUITE),
		env['MIRROR_APT_SECURITY'] || archive(`${SUITE}-security`),
		env['MIRROR_NPM'] || registry(),
		extraAuthorities(env),
	]);
	return {
		apt: address(apt) ?? PUBLIC.apt,
		aptSecurity: address(aptSecurity) ?? PUBLIC.aptSecurity,
		npm: address(npm) ?? PUBLIC.npm,
		authorities,
	};
}

/** As the environment of a container says it, where neither apt nor npm could be asked. */
export async function upstreamSettings(env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
	const { apt, aptSecurity, npm } = await findUpstreams(env);
	return { MIRROR_APT: apt, MIRROR_APT_SECURITY: aptSecurity, MIRROR_NPM: npm };
}

const archive = async (suite: string) => (await findArchive(suite)).found;
const registry = () => output(['npm', 'config', 'get', 'registry']).catch(() => undefined);

/** What can stand in nginx's configuration as it is; undefined for anything else. */
export function address(given: string | undefined): string | undefined {
	const text = given?.trim().replace(/\/+$/, '') ?? '';
	const known = /^https?:\/\/[\w.:[\]-]+(\/[\w.~/+@%-]*)?$/.test(text) && URL.canParse(text);
	return known ? text : undefined;
}

async function extraAuthorities(env: NodeJS.ProcessEnv): Promise<string> {
	const file = env['NODE_EXTRA_CA_CERTS'];
	return file ? readFile(file, 'utf8').catch(() => '') : '';
}
