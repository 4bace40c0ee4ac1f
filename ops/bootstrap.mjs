// The first thing `npm start`, `npm test` and their like run, on any Node ≥ 20 and before anything is
// installed: sees to the dependencies, then runs the command on the Node that they pin.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HELP, readOptions } from './options.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');

/** What each npm script runs: arguments of the pinned Node. */
const commands = {
	// NODE_FLAGS of services.ts, which isn't ours to import here.
	start: (args) => ['--max-semi-space-size=16', 'ops/start.ts', ...args],
	dev: (args) => ['--max-semi-space-size=16', 'ops/start.ts', '--dev', ...args],
	test: (args) => ['ops/test.ts', ...args],
	compose: (args) => ['ops/compose.ts', ...args],
	gate: (args) => ['ops/gate.ts', ...args],
	soak: (args) => ['ops/soak.ts', ...args],
	check: (args) => ['ops/check.ts', ...args],
	kit: (args) => ['ops/kit.ts', ...args],
	preflight: (args) => ['ops/preflight.ts', ...args],
	lab: (args) => ['ops/lab.ts', ...args],
	pictures: (args) => ['ops/pictures.ts', ...args],
	bench: (args) =>
		args[0]?.startsWith('-') === false
			? [`ops/bench/${args[0]}.ts`, ...args.slice(1)]
			: ['ops/bench/spine.ts', ...args],
};

/**
 * @param {string} words
 * @returns {never}
 */
function refuse(words) {
	console.error(`\n${words}\n`);
	process.exit(1);
}

function checkMachine() {
	if (Number(process.versions.node.split('.')[0]) < 20) {
		refuse(
			`This is Node ${process.versions.node}; ContainrLab needs Node 20 or newer to begin with.`,
		);
	}
	if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
		refuse(
			`ContainrLab runs on Linux (x64, arm64), not on ${process.platform} ${process.arch}. ` +
				'A Linux machine, a virtual one or WSL 2 will do.',
		);
	}
}

/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

/** Whether node_modules holds what package-lock.json says, and a Node that runs. */
function installed() {
	try {
		const wanted = readJson('package-lock.json').packages;
		const present = readJson('node_modules/.package-lock.json').packages;
		for (const [path, { version, link, optional, devOptional, extraneous }] of Object.entries(
			wanted,
		)) {
			if (!path.includes('node_modules/') || link || optional || devOptional || extraneous)
				continue;
			if (present[path]?.version !== version) return false;
		}
		const version = spawnSync(pinnedNode, ['--version'], { encoding: 'utf8' }).stdout?.trim();
		return version === `v${wanted['node_modules/node'].version}`;
	} catch {
		return false;
	}
}

/** npm itself: the one that runs us, if one does. */
function npm() {
	const script = process.env.npm_execpath;
	return script && existsSync(script) && /\.c?js$/.test(script)
		? [process.execPath, script]
		: ['npm'];
}

async function install() {
	const start = performance.now();
	const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
	console.log('  … dependencies: npm ci');
	const progress = setInterval(() => console.log(`  … dependencies: ${seconds()}`), 10_000);
	const [program, ...before] = npm();
	const child = spawn(
		program,
		[...before, 'ci', '--loglevel=error', '--fetch-timeout=30000', '--fetch-retries=1'],
		{
			cwd: root,
			stdio: ['ignore', 'pipe', 'pipe'],
			env: { ...process.env, npm_config_loglevel: 'error' },
		},
	);
	let said = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream.on('data', (chunk) => (said = (said + chunk).slice(-8000)));
	}
	const code = await new Promise((resolve) => {
		child.on('error', (error) => resolve(error.code));
		child.on('close', resolve);
	});
	clearInterval(progress);
	if (code === 'ENOENT')
		refuse('npm was not found. Install npm (it comes with Node) and start again.');
	if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH/.test(said)) {
		refuse(
			`npm can’t reach its registry. Check the network and: npm config get registry\n\n${said.trim()}`,
		);
	}
	if (code !== 0) refuse(`npm ci failed:\n\n${said.trim()}`);
	if (!installed()) {
		refuse(
			'npm ci ended well, but the pinned Node is not there: were install scripts disabled? ' +
				'(npm config get ignore-scripts)',
		);
	}
	console.log(`  ✓ ${'dependencies'.padEnd(24)} ${seconds().padStart(8)}`);
}

/**
 * Runs the command to its end. `npm start` alone is kept alive: a supervisor that a signal killed,
 * and that nobody asked to end, is started again; it takes over what the dead one left.
 * @param {string} name
 * @param {string[]} args
 */
async function run(name, args) {
	const supervises = name === 'start' || name === 'dev';
	let child;
	let asked = false;
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
		process.on(signal, () => {
			asked = true;
			// A terminal's Ctrl-C reaches the others by itself; the supervisor has its own session.
			if (supervises || signal !== 'SIGINT') child?.kill(signal);
		});
	}
	for (let delay = 500; ; delay = Math.min(delay * 2, 10_000)) {
		const begun = performance.now();
		child = spawn(pinnedNode, commands[name](args), {
			cwd: root,
			env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
			// The channel tells the supervisor when we die.
			stdio: supervises ? ['ignore', 'inherit', 'inherit', 'ipc'] : 'inherit',
			detached: supervises,
		});
		const [code, signal] = await new Promise((resolve) => {
			child.on('error', (error) => refuse(`The pinned Node can't be run: ${error.message}`));
			child.on('exit', (code, signal) => resolve([code, signal]));
		});
		if (!supervises || asked || signal === null) process.exit(code ?? 1);
		if (performance.now() - begun > 60_000) delay = 500;
		console.error(`  ! the supervisor was killed (${signal}); starting it again in ${delay} ms`);
		await new Promise((resolve) => setTimeout(resolve, delay));
		if (asked) process.exit(0);
	}
}

const [name = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(commands, name)) {
	refuse(`Unknown command "${name}". There are: ${Object.keys(commands).join(', ')}.`);
}
if (name === 'start' || name === 'dev') {
	// Said now, not after minutes of installing.
	const { values, refusal } = readOptions(args, process.env);
	if (!values) refuse(refusal);
	if (values.help) {
		console.log(HELP);
		process.exit(0);
	}
}
checkMachine();
if (!installed()) await install();
await run(name, args);
