// The processes of an installation, and what each is told.

import { join } from 'node:path';
import { originOf, type Lan } from './lan/lan.ts';
import { ROOT } from './setup/data-dir.ts';
import type { DataDir } from './setup/data-dir.ts';
import type { Ports } from './setup/ports.ts';
import type { Secrets } from './setup/secrets.ts';
import { Service, type ServiceSpec } from './supervise/service.ts';

export interface Installation {
	data: DataDir;
	ports: Ports;
	secrets: Secrets;
	instance: string;
	databaseUrl: string;
	dockerHost: string;
	sandboxImage: string;
	imagesVolume: string;
	/** Undefined: sandboxes reach nothing. */
	mirrorVolume: string | undefined;
	/** How other devices reach web; undefined: not at all. */
	lan: Lan | undefined;
	/** Services start again when their source changes; web serves unbundled pages. */
	dev: boolean;
}

/**
 * A young generation of at most 48 MB. On a large machine Node would give it three times as much, and
 * each of our processes would hold that from its start on, of which it needs a few per cent.
 */
export const NODE_FLAGS = ['--max-semi-space-size=16'];
const NODE = [process.execPath, ...NODE_FLAGS];

type LogFor = (name: string) => (line: string) => void;

/** The guard of the embedded Postgres. */
export function postgresService(
	data: DataDir,
	port: number,
	secrets: Secrets,
	log: LogFor,
): Service {
	return new Service({
		name: 'postgres',
		command: [...NODE, join(ROOT, 'db', 'embedded-main.ts')],
		env: {
			...inherited(),
			POSTGRES_DIR: data.in('postgres'),
			POSTGRES_PASSWORD_FILE: secrets.postgresPassword,
			POSTGRES_PORT: String(port),
		},
		log: log('postgres'),
		graceMs: 20_000,
	});
}

/** In the order in which they start; they end in the opposite one. */
export function appServices(made: Installation, log: LogFor): Service[] {
	const { ports, secrets } = made;
	const local = (port: number) => `127.0.0.1:${port}`;
	const labs = join(ROOT, 'labs');
	const service = (name: string, env: Record<string, string>): Service => {
		// Vite reloads web's pages itself.
		const watch = made.dev && name !== 'web' ? ['--watch', '--watch-preserve-output'] : [];
		const spec: ServiceSpec = {
			name,
			command: [...NODE, ...watch, join(ROOT, name, 'main.ts')],
			env: { ...inherited(), ...env },
			log: log(name),
		};
		return new Service(spec);
	};
	return [
		service('sync', {
			SYNC_LISTEN: local(ports.sync),
			DATABASE_URL: made.databaseUrl,
			TICKET_PUBLIC_KEY_FILE: secrets.ticketPublicKey,
			SYNC_TOKEN_FILE: secrets.syncToken,
		}),
		service('runnerd', {
			RUNNERD_LISTEN: local(ports.runnerd),
			RUNNERD_DATA: made.data.in('runnerd'),
			RUNNERD_INSTANCE: made.instance,
			DOCKER_HOST: made.dockerHost,
			// What reaching it takes: certificates, or the keys of an ssh agent.
			...passedOn('DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'SSH_AUTH_SOCK'),
			SYNC_URL: `ws://${local(ports.sync)}`,
			TICKET_PUBLIC_KEY_FILE: secrets.ticketPublicKey,
			RUNNERD_TOKEN_FILE: secrets.runnerdToken,
			LABS_DIR: labs,
			SANDBOX_IMAGE: made.sandboxImage,
			IMAGES_VOLUME: made.imagesVolume,
			...(made.mirrorVolume && { MIRROR_VOLUME: made.mirrorVolume }),
			...passedOn(
				'POOL_SIZE',
				'SANDBOXES_MOST',
				'MEMORY_RESERVE',
				'KEPT_VOLUMES',
				'KEPT_VOLUMES_BYTES',
			),
		}),
		service('web', {
			...(made.lan
				? onTheNetwork(made.lan, ports)
				: {
						WEB_LISTEN: local(ports.web),
						WEB_PREVIEW_LISTEN: local(ports.preview),
						...passedOn('WEB_HOSTS'),
					}),
			DATABASE_URL: made.databaseUrl,
			SYNC_URL: `http://${local(ports.sync)}`,
			SYNC_TOKEN_FILE: secrets.syncToken,
			RUNNERD_URL: `http://${local(ports.runnerd)}`,
			RUNNERD_TOKEN_FILE: secrets.runnerdToken,
			TICKET_PRIVATE_KEY_FILE: secrets.ticketPrivateKey,
			LABS_DIR: labs,
			...passedOn('WEB_ORIGIN', 'WEB_PREVIEW_ORIGIN', 'WEB_PREVIEW_BASE'),
			...(made.dev ? { WEB_DEV: '1' } : { NODE_ENV: 'production' }),
		}),
	];
}

/** web alone is open to other devices. */
function onTheNetwork(lan: Lan, ports: Ports): Record<string, string> {
	return {
		WEB_LISTEN: `*:${ports.web}`,
		WEB_PREVIEW_LISTEN: `*:${ports.preview}`,
		WEB_HOSTS: [...lan.names, ...(process.env['WEB_HOSTS']?.split(',') ?? [])].join(','),
		WEB_LAN_ORIGIN: originOf(lan, ports.web),
		...(lan.tls && { WEB_TLS_CERT_FILE: lan.tls.certificate, WEB_TLS_KEY_FILE: lan.tls.key }),
	};
}

/** What any program may need of our environment; nobody inherits the rest. */
function inherited(): Record<string, string> {
	return passedOn('PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS');
}

function passedOn(...names: string[]): Record<string, string> {
	return Object.fromEntries(
		names.flatMap((name) => {
			const value = process.env[name];
			return value === undefined ? [] : [[name, value]];
		}),
	);
}
