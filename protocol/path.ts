// Paths of files in a workspace: which ones can be shared, and which are never synced.

/** Directories that are tools' own, large, and never synced: shown greyed in the file tree. */
export const NEVER_SYNCED = ['.git', 'node_modules', 'venv', '.venv', '__pycache__'] as const;

export const FILE_LIMITS = {
	/** One text file, in UTF-8 bytes; larger ones are treated as binary. */
	text: 1024 * 1024,
	/** One binary file: it is stored with the attempt. */
	binary: 8 * 1024 * 1024,
	/** All binary files of one submission. */
	binaryTotal: 32 * 1024 * 1024,
	/** All bytes that web keeps for one workspace, those of earlier versions too. */
	kept: 256 * 1024 * 1024,
	/** Entries in one workspace. */
	files: 2000,
	segment: 255,
	path: 1024,
} as const;

export type PathProblem =
	'empty' | 'absolute' | 'too-long' | 'dots' | 'characters' | 'never-synced';

// Control characters, the marks that make a name read other than it is (right-to-left tricks), and
// halves of characters, which stand for names that aren't UTF-8.
const UNSAFE = /[\u0000-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd\\]|\p{Cs}/u;
const utf8 = new TextEncoder();

/** Undefined when `path` may name a shared file: relative, `/`-separated, normalised. */
export function pathProblem(path: string): PathProblem | undefined {
	if (path === '') return 'empty';
	if (path.startsWith('/')) return 'absolute';
	if (utf8.encode(path).length > FILE_LIMITS.path) return 'too-long';
	if (UNSAFE.test(path)) return 'characters';
	for (const segment of path.split('/')) {
		if (segment === '') return 'empty';
		if (segment === '.' || segment === '..') return 'dots';
		if (utf8.encode(segment).length > FILE_LIMITS.segment) return 'too-long';
	}
	return isNeverSynced(path) ? 'never-synced' : undefined;
}

export function isNeverSynced(path: string): boolean {
	return path.split('/').some((segment) => (NEVER_SYNCED as readonly string[]).includes(segment));
}

/** What a person is told when they choose such a name. */
export const PATH_PROBLEM_TEXT: Record<PathProblem, string> = {
	empty: 'A name is missing.',
	absolute: 'Paths start inside the workspace, without a leading "/".',
	'too-long': 'That name is too long.',
	dots: '"." and ".." can\'t be part of a path here.',
	characters: "That name contains characters that can't be shown safely.",
	'never-synced': `${NEVER_SYNCED.join(', ')} stay in the sandbox and are never synced.`,
};

// vim probes with "4913" and keeps ".name.swp"; NFS keeps what was deleted while open.
const SCRATCH = /^(4913|\..*\.sw[a-p]|\.sw[a-p]|\.nfs[0-9a-f]{8,})$/;

/** A tool's own short-lived file, never shared and not worth telling anyone about. */
export function isScratch(path: string): boolean {
	return SCRATCH.test(path.slice(path.lastIndexOf('/') + 1));
}
