// ESLint sees only what types can't: promises nobody awaits, and imports that cross a border
// between folders. Everything else is the compiler's and Prettier's.
import svelteParser from 'svelte-eslint-parser';
import tseslint from 'typescript-eslint';

/** What each folder may import of ours; the table in docs/architecture.md. */
const mayImport = {
	protocol: [],
	db: ['protocol'],
	labs: ['protocol'],
	judges: ['protocol'],
	sync: ['protocol', 'db'],
	runnerd: ['protocol', 'labs', 'judges'],
	web: ['protocol', 'db', 'labs'],
	ops: ['protocol', 'db', 'labs', 'judges', 'sync', 'runnerd', 'web'],
};

/** Files of one place, and which of our folders they may not import. */
const border = (files, folder, allowed) => ({
	files,
	rules: {
		'no-restricted-imports': [
			'error',
			{
				patterns: Object.keys(mayImport)
					.filter((other) => other !== folder && !allowed.includes(other))
					.map((other) => ({
						group: [`@containrlab/${other}`, `@containrlab/${other}/*`, `**/../${other}/**`],
						message: `Only these may be imported here: ${allowed.join(', ') || 'nothing of ours'}.`,
					})),
			},
		],
	},
});

export default tseslint.config(
	{
		ignores: [
			'**/build/**',
			'**/.svelte-kit/**',
			'labs/*/{starter,solution,wrong}/**',
			'**/*.mjs',
			'**/*.js',
		],
	},
	{
		files: ['**/*.ts', '**/*.svelte'],
		languageOptions: {
			parser: tseslint.parser,
			parserOptions: {
				projectService: true,
				tsconfigRootDir: import.meta.dirname,
				extraFileExtensions: ['.svelte'],
			},
		},
		plugins: { '@typescript-eslint': tseslint.plugin },
		rules: {
			'@typescript-eslint/no-floating-promises': 'error',
			'@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
		},
	},
	{
		files: ['**/*.svelte'],
		languageOptions: { parser: svelteParser, parserOptions: { parser: tseslint.parser } },
	},
	...Object.entries(mayImport).map(([folder, allowed]) =>
		border([`${folder}/**/*.ts`], folder, allowed),
	),
	// What runs in the browser never sees the database or the labs' solutions.
	border(['web/src/lib/**', 'web/**/*.svelte'], 'web', ['protocol']),
);
