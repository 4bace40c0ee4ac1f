// What a flush at rest says of the files that aren't text, and of what it couldn't share.

import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import type { DrainResult } from '@containrlab/protocol/sandbox.ts';
import type { Plan } from './reconcile.ts';
import type { FlushState } from './state.ts';
import { visible } from './warnings.ts';

export function manifest({ view, base }: FlushState, problems: Plan['problems']): DrainResult {
	const files: DrainResult['files'] = [];
	const left: DrainResult['left'] = problems.map(({ path, code }) => ({
		path: visible(path),
		reason: code,
	}));
	for (const entry of view.entries()) {
		const file = view.file(entry.id)!;
		if (entry.deleted || entry.kind === 'text') continue;
		const { path, mode } = entry;
		if (!base.has(entry.id)) left.push({ path: visible(path), reason: 'missing' });
		else if (entry.kind === 'dir') files.push({ kind: 'dir', path, mode });
		else if (entry.kind === 'link') {
			files.push({ kind: 'link', path, target: file.target ?? '' });
		} else {
			files.push({ kind: 'binary', path, mode, size: file.size ?? 0, sha: file.sha ?? '' });
		}
	}
	return { drained: true, files, left: left.slice(0, FILE_LIMITS.files) };
}
