// Which files may be packed for a sandbox, and in which order.

import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { packFiles } from './files.ts';

const text = (path: string) => ({ kind: 'text' as const, path, mode: 0o644, text: 'x' });

test('links come after all that could be written through them', async () => {
	const archive = await packFiles([
		{ kind: 'link', path: 'current', target: '/etc' },
		text('app/main.py'),
		{ kind: 'dir', path: 'app', mode: 0o755 },
	]);
	const seen: string[] = [];
	const entries = Readable.from([archive]).pipe(extract());
	for await (const entry of entries) {
		seen.push(`${entry.header.type} ${entry.header.name}`);
		entry.resume();
	}
	expect(seen).toEqual(['directory app', 'file app/main.py', 'symlink current']);
});

test.each(['/etc/passwd', '../x', 'a/../../x', 'a//b', 'a\\b', '', './a'])(
	'%j is refused',
	async (path) => {
		await expect(packFiles([text(path)])).rejects.toThrow(RangeError);
	},
);

test('a file below a link is refused, whatever the order', async () => {
	const link = { kind: 'link' as const, path: 'a/b', target: '/tmp' };
	await expect(packFiles([text('a/b/c'), link])).rejects.toThrow(RangeError);
	await expect(packFiles([link, text('a/b/c')])).rejects.toThrow(RangeError);
});

test('a check may plant what is never synced', async () => {
	await expect(packFiles([text('venv/bin/python')])).resolves.toBeInstanceOf(Buffer);
});
