// Debian without Docker Hub: debootstrap from the mirror that this machine's own apt is set to use.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { asRoot, available, output } from '../shell.ts';
import { follow } from './build.ts';

const SUITE = 'trixie';

/** Makes `image` a minimal Debian, as debootstrap leaves it. */
export async function debootstrap(
	docker: Docker,
	image: string,
	log: (line: string) => void,
): Promise<void> {
	const mirror = await findMirror();
	await installPackages(['debootstrap', 'debian-archive-keyring'], ['debootstrap'], log);
	const dir = await mkdtemp(join(tmpdir(), 'containrlab-debian-'));
	const root = join(dir, 'root');
	try {
		log(`debootstrap ${SUITE} from ${mirror}`);
		await output(await asRoot(['debootstrap', '--variant=minbase', SUITE, root, mirror]), {
			timeoutMs: 600_000,
		});
		await importTree(docker, root, image);
	} finally {
		await output(await asRoot(['rm', '-rf', '--one-file-system', root]));
		await rm(dir, { recursive: true, force: true });
	}
}

async function importTree(docker: Docker, root: string, image: string): Promise<void> {
	const [program = '', ...args] = await asRoot([
		'tar',
		'-C',
		root,
		'--numeric-owner',
		'-cf',
		'-',
		'.',
	]);
	const tar = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
	const [repo, tag] = image.split(':');
	const stream = await docker.importImage(tar.stdout, { repo, tag });
	await follow(docker, stream, () => {});
	if (tar.exitCode === null) await once(tar, 'exit');
	if (tar.exitCode !== 0) throw new Error(`tar ended with status ${tar.exitCode}`);
}

/** Installs Debian packages unless their programs are there; needs root or sudo. */
export async function installPackages(
	packages: string[],
	programs: string[],
	log: (line: string) => void,
): Promise<void> {
	const missing = await Promise.all(programs.map(async (name) => !(await available(name))));
	if (!missing.includes(true)) return;
	log(`apt-get install ${packages.join(' ')}`);
	const env = { DEBIAN_FRONTEND: 'noninteractive' };
	const install = async () =>
		output(
			await asRoot(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages]),
			{ env, timeoutMs: 600_000 },
		);
	try {
		await install();
	} catch {
		// Most likely the package lists are old or were never fetched.
		await output(await asRoot(['apt-get', 'update', '-qq']), { env, timeoutMs: 300_000 });
		await install();
	}
}

async function findMirror(): Promise<string> {
	const { found, asked } = await findArchive(SUITE);
	if (found) return found;
	throw new Error(
		`Docker Hub can't be reached, and none of this machine's package sources carries Debian ${SUITE} ` +
			`(${asked.join(', ') || 'apt knows none'}). Let the Docker engine reach Docker Hub ` +
			'(try: docker pull debian:trixie-slim), and start again.',
	);
}

/** The first of apt's configured addresses that carries a suite, and all that were asked. */
export async function findArchive(
	suite: string,
): Promise<{ found: string | undefined; asked: string[] }> {
	const listed = await output(['apt-get', 'indextargets', '--format', '$(REPO_URI)']).catch(
		() => '',
	);
	const asked = [...new Set(listed.split('\n').filter((line) => line.startsWith('http')))];
	for (const address of asked) {
		if (await carries(address, suite)) return { found: address, asked };
	}
	return { found: undefined, asked };
}

/** Through apt's own downloader, which knows this machine's proxies. */
async function carries(address: string, suite: string): Promise<boolean> {
	const helper = '/usr/lib/apt/apt-helper';
	const dir = await mkdtemp(join(tmpdir(), 'containrlab-mirror-'));
	try {
		await access(helper);
		const url = `${address.replace(/\/$/, '')}/dists/${suite}/InRelease`;
		const quick = [
			'-oAcquire::http::Timeout=5',
			'-oAcquire::https::Timeout=5',
			'-oAcquire::Retries=0',
		];
		await output([helper, ...quick, 'download-file', url, join(dir, 'InRelease')], {
			timeoutMs: 15_000,
		});
		return true;
	} catch {
		return false;
	} finally {
		await rm(dir, { recursive: true, force: true });
	}
}
