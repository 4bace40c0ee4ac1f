// One installation as containers: its name, where its secrets are, and what docker-compose.yml is told.

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { ROOT } from '../setup/data-dir.ts';
import { openSecrets } from '../setup/secrets.ts';
import { Refusal } from '../steps.ts';

export interface Project {
	name: string;
	/** Marks the sandboxes of its runnerd. */
	instance: string;
	/** Of the images it runs. */
	tag: string;
	secretsDir: string;
	/** For docker compose: the environment wins over `.env`, as it does there. */
	env: NodeJS.ProcessEnv;
}

/** `socket`: the engine's. */
export async function openProject(
	environment: NodeJS.ProcessEnv,
	socket: string,
): Promise<Project> {
	const file = join(ROOT, '.env');
	const written = parseEnv(await readFile(file, 'utf8').catch(() => '')) as NodeJS.ProcessEnv;
	const told = { ...written, ...environment };
	const name = told['COMPOSE_PROJECT_NAME'] || nameOf(ROOT);
	if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
		throw new Refusal(
			`COMPOSE_PROJECT_NAME=${name} can't be used: at most 31 of a-z, 0-9 and -, no - in front.`,
		);
	}
	const env = {
		...told,
		COMPOSE_PROJECT_NAME: name,
		DOCKER_SOCKET: socket,
		DOCKER_GID: told['DOCKER_GID'] || String((await stat(socket)).gid),
	};
	// For whoever types `docker compose` later: it finds the same project.
	if (!environment['COMPOSE_PROJECT_NAME']) await writeOnce(file, name, env.DOCKER_GID);
	return {
		name,
		instance: name,
		tag: told['CONTAINRLAB_TAG'] || 'local',
		secretsDir: resolve(ROOT, told['CONTAINRLAB_SECRETS'] || '.containrlab/compose'),
		env,
	};
}

/** Makes those that are missing. */
export async function makeSecrets({ secretsDir }: Project): Promise<void> {
	await mkdir(secretsDir, { recursive: true, mode: 0o700 });
	await openSecrets(secretsDir, 0o444);
}

/** As docker compose names a project by its directory, less what a sandbox's label can't hold. */
const nameOf = (root: string): string =>
	basename(root)
		.toLowerCase()
		.replaceAll(/[^a-z0-9-]/g, '')
		.replace(/^-+/, '')
		.slice(0, 31) || 'containrlab';

async function writeOnce(file: string, name: string, group: string): Promise<void> {
	const text = `# Read by docker compose; docker-compose.yml says what else may be set.
COMPOSE_PROJECT_NAME=${name}
DOCKER_GID=${group}
`;
	await writeFile(file, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
		if (error.code !== 'EEXIST') throw error;
	});
}
