// What the mirror is told: files in its volume, which it and its sandboxes read.

import type { ContextFile } from '../images/build.ts';
import type { Upstreams } from './upstreams.ts';

/** Bytes of packages that are kept; with them what was last wanted longest ago goes. */
const CACHE_MOST = '6g';
/** Stays free on its disk. */
const DISK_FREE = '2g';

/** By these names sandboxes find it. Every other name is unknown in them. */
export const NAMES = [
	'mirror.sbx.internal',
	'npm.mirror.sbx.internal',
	'pypi.mirror.sbx.internal',
	'deb.debian.org',
	'security.debian.org',
	'registry-1.docker.io',
	'index.docker.io',
	'docker.io',
	'ghcr.io',
	'quay.io',
	'gcr.io',
	'mcr.microsoft.com',
	'registry.k8s.io',
	'public.ecr.aws',
	'registry.gitlab.com',
	'docker.elastic.co',
];

/** For every container and RUN step of a student; what a Dockerfile says itself goes first. */
const ENVIRONMENT = {
	PIP_INDEX_URL: 'http://pypi.mirror.sbx.internal/simple/',
	PIP_TRUSTED_HOST: 'pypi.mirror.sbx.internal',
	NPM_CONFIG_REGISTRY: 'http://npm.mirror.sbx.internal/',
};

export function stateFiles(upstreams: Upstreams): ContextFile[] {
	const { apt, aptSecurity, npm, authorities } = upstreams;
	const variables = { apt, apt_security: aptSecurity, npm };
	const files = {
		names: `${NAMES.join('\n')}\n`,
		// As it stands in a list of JSON: the wrapper of runc puts it into one.
		environment: `${Object.entries(ENVIRONMENT)
			.map(([name, value]) => JSON.stringify(`${name}=${value}`))
			.join(',')}\n`,
		'upstreams.conf': Object.entries(variables)
			.map(([name, value]) => `map '' $${name} { default '${value}'; }\n`)
			.join(''),
		'cache.conf': `proxy_cache_path /cache levels=1:2 keys_zone=packages:16m max_size=${CACHE_MOST} min_free=${DISK_FREE} inactive=400d use_temp_path=off;\n`,
		'authorities.pem': authorities,
	};
	return Object.entries(files).map(([path, text]) => ({
		path,
		mode: 0o644,
		bytes: Buffer.from(text),
	}));
}
