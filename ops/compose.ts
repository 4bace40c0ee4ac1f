// `npm run compose -- up`: the product as containers. What it adds to docker compose: an engine and
// compose if there are none, Debian where Docker Hub doesn't answer, this machine's registries for the
// build, the secrets, and the end of the sandboxes. All other commands are docker compose's own.

import { buildProduct } from './compose/build.ts';
import { makeSecrets, openProject, type Project } from './compose/project.ts';
import { findCompose, runCompose } from './compose/tool.ts';
import { waitUntilHealthy } from './compose/wait.ts';
import { checkEngine, findEngine, type FoundEngine } from './engine.ts';
import { debian } from './images.ts';
import { openDataDir, ROOT } from './setup/data-dir.ts';
import { upstreamSettings } from './mirror/upstreams.ts';
import { consoleSteps, Refusal, type Steps } from './steps.ts';
import { removeVolumes, stopSandboxes } from './supervise/sandboxes.ts';
import { openLog } from './supervise/log-file.ts';

const HELP = `npm run compose -- up            build, start, and show who signs in
npm run compose -- down          stop everything, sandboxes too; all work stays (-v removes it)
npm run compose -- credentials   show who signs in again
npm run compose -- COMMAND …     docker compose's own: ps, logs, exec, restart …

How to operate it: docs/compose.md`;

interface Place extends FoundEngine {
	project: Project;
	compose: (...args: string[]) => Promise<void>;
	steps: Steps;
}

const [command, ...args] = process.argv.slice(2);
try {
	if (!command || /^(-h|--help|help)$/.test(command)) console.log(HELP);
	else await run(await open(), command, args);
} catch (error) {
	console.error(error instanceof Refusal ? `\n${error.message}\n` : error);
	process.exitCode = 1;
}

async function run(place: Place, command: string, args: string[]): Promise<void> {
	if (command === 'up') return up(place, args);
	if (command === 'down') return down(place, args);
	if (command === 'credentials') return place.compose('run', '--rm', '-T', 'credentials');
	return place.compose(command, ...args);
}

async function open(): Promise<Place> {
	const data = await openDataDir(process.env['CONTAINRLAB_DATA']);
	const steps = consoleSteps(openLog(data.in('log/compose.log')), (line) => console.error(line));
	const quiet = { begin: (what: string) => steps.say(`  … ${what}`), log() {}, note() {} };
	const engine = await findEngine(process.env['DOCKER_HOST'], data.in('log'), quiet);
	if (!engine.address.startsWith('unix://')) {
		throw new Refusal(
			`Secrets and socket are mounted from the engine’s own machine: run this there, not with DOCKER_HOST=${engine.address}.`,
		);
	}
	const project = await openProject(process.env, engine.address.slice('unix://'.length));
	const program = await findCompose(quiet);
	const compose = async (...args: string[]) => {
		const status = await runCompose(program, args, { env: project.env, cwd: ROOT });
		if (status !== 0) throw new Refusal(`${[...program, ...args].join(' ')}: status ${status}`);
	};
	return { ...engine, project, compose, steps };
}

async function up(place: Place, args: string[]): Promise<void> {
	const { docker, project, compose, steps } = place;
	await steps.step('engine self-check', (step) => checkEngine(place, step));
	await makeSecrets(project);
	const replaced = await steps.step('images', async (step) => {
		const base = project.env['CONTAINRLAB_BASE'] || (await debian(docker, step));
		return buildProduct(docker, { base, tag: project.tag }, step);
	});
	Object.assign(project.env, await upstreamSettings(project.env));
	await steps.step('containers', async (step) => {
		await compose('up', '-d', '--no-build', ...args);
		await waitUntilHealthy(docker, project.name, step);
	});
	// Nameless from now on; what something still runs on, the engine keeps.
	for (const id of replaced)
		await docker
			.getImage(id)
			.remove()
			.catch(() => {});
	await compose('run', '--rm', '-T', 'credentials');
}

async function down({ docker, project, compose, steps }: Place, args: string[]): Promise<void> {
	await compose('down', ...args);
	await steps.step('sandboxes', async () => {
		await stopSandboxes(docker, project.instance);
		if (args.some((arg) => arg === '-v' || arg === '--volumes')) {
			await removeVolumes(docker, project.instance);
		}
	});
}
