// What a build is given: the Node of package.json, the checkout without its data, secrets as BuildKit
// asks for them, and the tokens of this machine's npm.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../setup/data-dir.ts';
import { readCheckout } from './context.ts';
import { tokens } from './machine.ts';
import { bytesField, firstField } from './session.ts';

test('the images run the Node that the checkout pins', async () => {
	const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
	const manifest = await readFile(join(ROOT, 'package.json'), 'utf8');
	const { devDependencies } = JSON.parse(manifest) as { devDependencies: { node: string } };
	expect(/^ARG NODE_VERSION=(.*)$/m.exec(dockerfile)?.[1]).toBe(devDependencies.node);
});

test('a build sees the sources and the labs as they are, and nothing of data, tests and installs', async () => {
	const paths = (await readCheckout(ROOT)).map(({ path }) => path);
	expect(paths).toContain('Dockerfile');
	expect(paths).toContain('package-lock.json');
	expect(paths).toContain('web/main.ts');
	expect(paths).toContain('labs/01-first-dockerfile/lab.md');
	const wrong =
		/^(\.env|\.containrlab|\.git)(\/|$)|node_modules|^web\/build\/|^(?!labs\/).*\.test\.ts$/;
	expect(paths.filter((path) => wrong.test(path))).toEqual([]);
});

test.each([0, 1, 127, 128, 300, 16_384, 300_000])(
	'a field of %i bytes is read as written',
	(size) => {
		expect(firstField(bytesField(Buffer.alloc(size, 'x')))).toBe('x'.repeat(size));
	},
);

test('tokens are handed on with their variables put in, other settings are not', () => {
	const npmrc =
		'//one.example/:_authToken = ${TOKEN}\nignore-scripts=true\n//two.example/:_auth=${NONE}\n';
	expect(tokens(npmrc, { TOKEN: 'abc' })).toEqual([
		'//one.example/:_authToken=abc',
		'//two.example/:_auth=${NONE}',
	]);
});
