// The compose program: Docker's plugin, or the docker-compose of Debian 12, installed if need be.

import { spawn } from 'node:child_process';
import { installPackages } from '../images/debian.ts';
import { available, canBeRoot, output } from '../shell.ts';
import { Refusal, type StepLog } from '../steps.ts';

const FORMS = [['docker', 'compose'], ['docker-compose']];

/** The words that begin its command line. */
export async function findCompose(step: StepLog): Promise<string[]> {
	const found = await present();
	if (found) return found;
	if (!(await available('apt-get')) || !(await canBeRoot())) {
		throw new Refusal(
			'Docker Compose is not installed, and can’t be from here. Debian, Ubuntu: ' +
				'sudo apt-get install docker-compose. Others: https://docs.docker.com/compose/install/',
		);
	}
	step.begin('installing docker-compose');
	await installPackages(['docker-compose'], ['docker-compose'], step.log);
	const installed = await present();
	if (!installed) throw new Refusal('docker-compose was installed, but doesn’t run.');
	return installed;
}

async function present(): Promise<string[] | undefined> {
	for (const form of FORMS) {
		const answers = await output([...form, 'version']).then(
			() => true,
			() => false,
		);
		if (answers) return form;
	}
	return undefined;
}

/** Runs it on the checkout's file, on this terminal; its exit status. */
export async function runCompose(
	[program = '', ...before]: readonly string[],
	args: readonly string[],
	{ env, cwd }: { env: NodeJS.ProcessEnv; cwd: string },
): Promise<number> {
	const child = spawn(program, [...before, ...args], { cwd, env, stdio: 'inherit' });
	return new Promise((resolve, reject) => {
		child.on('error', reject);
		child.on('exit', (code) => resolve(code ?? 1));
	});
}
