// Which files have language tools, by their names.

export type Language = 'dockerfile' | 'json' | 'yaml';

const BY_EXTENSION: Record<string, Language | undefined> = {
	dockerfile: 'dockerfile',
	json: 'json',
	yml: 'yaml',
	yaml: 'yaml',
};

export function languageToolsOf(path: string): Language | undefined {
	const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
	if (name === 'dockerfile' || name.startsWith('dockerfile.')) return 'dockerfile';
	const dot = name.lastIndexOf('.');
	return dot === -1 ? undefined : BY_EXTENSION[name.slice(dot + 1)];
}

/** Those that can be formatted on demand. */
export const isFormattable = (path: string): boolean =>
	['json', 'yaml'].includes(languageToolsOf(path) ?? '');
