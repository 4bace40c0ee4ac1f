// ESLint sees only what types can't: promises nobody awaits, and imports that cross a border
// between folders. Everything else is the compiler's and Prettier's.
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

const borders = Object.entries(mayImport).map(([folder, allowed]) => ({
	files: [`${folder}/**/*.ts`],
	rules: {
		'no-restricted-imports': [
			'error',
			{
				patterns: Object.keys(mayImport)
					.filter((other) => other !== folder && !allowed.includes(other))
					.map((other) => ({
						group: [`@containrlab/${other}`, `@containrlab/${other}/*`, `**/../${other}/**`],
						message: `${folder}/ may import only: ${allowed.join(', ') || 'nothing of ours'}.`,
					})),
			},
		],
	},
}));

export default tseslint.config(
	{
		ignores: [
			'**/build/**',
			'**/.svelte-kit/**',
			'labs/*/{starter,solution,wrong}/**',
			'**/*.svelte',
			'**/*.svelte.ts',
			'**/*.mjs',
			'**/*.js',
		],
	},
	{
		files: ['**/*.ts'],
		languageOptions: {
			parser: tseslint.parser,
			parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
		},
		plugins: { '@typescript-eslint': tseslint.plugin },
		rules: {
			'@typescript-eslint/no-floating-promises': 'error',
			'@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
		},
	},
	...borders,
);
