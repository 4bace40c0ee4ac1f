// Which mode a file name calls for; each is loaded when it is first needed.

import type { Extension } from '@codemirror/state';

type Load = () => Promise<Extension>;

const dockerfile: Load = async () => {
	const [{ StreamLanguage }, { dockerFile }] = await Promise.all([
		import('@codemirror/language'),
		import('@codemirror/legacy-modes/mode/dockerfile'),
	]);
	return StreamLanguage.define(dockerFile);
};
const shell: Load = async () => {
	const [{ StreamLanguage }, mode] = await Promise.all([
		import('@codemirror/language'),
		import('@codemirror/legacy-modes/mode/shell'),
	]);
	return StreamLanguage.define(mode.shell);
};
const python: Load = async () => (await import('@codemirror/lang-python')).python();
const yaml: Load = async () => (await import('@codemirror/lang-yaml')).yaml();
const json: Load = async () => (await import('@codemirror/lang-json')).json();
const markdown: Load = async () => (await import('@codemirror/lang-markdown')).markdown();
const javascript =
	(options: { jsx?: boolean; typescript?: boolean }): Load =>
	async () =>
		(await import('@codemirror/lang-javascript')).javascript(options);

const byExtension: Record<string, Load> = {
	py: python,
	yml: yaml,
	yaml,
	json,
	md: markdown,
	sh: shell,
	bash: shell,
	env: shell,
	dockerfile,
	js: javascript({}),
	mjs: javascript({}),
	cjs: javascript({}),
	jsx: javascript({ jsx: true }),
	ts: javascript({ typescript: true }),
	mts: javascript({ typescript: true }),
	tsx: javascript({ jsx: true, typescript: true }),
};

/** The name of the mode for a path, stable enough to compare; undefined for plain text. */
export function languageOf(path: string): Load | undefined {
	const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
	if (name === 'dockerfile' || name.startsWith('dockerfile.')) return dockerfile;
	if (name === '.env' || name === '.dockerignore' || name === '.gitignore') return shell;
	const dot = name.lastIndexOf('.');
	return dot === -1 ? undefined : byExtension[name.slice(dot + 1)];
}
