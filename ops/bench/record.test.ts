import { expect, it } from 'vitest';
import { withBlock } from './record.ts';

const comment = (bench: string) => `<!-- Filled by \`npm run bench -- ${bench} --record\`. -->`;
const block = (bench: string, table: string, below: string) =>
	`## ${bench}\n\n${comment(bench)}\n\n\`\`\`\n${table}\n\`\`\`\n\n${below}\n\nWhat it means.\n`;

it('replaces a bench’s own block and the paragraph below it, and nothing else', () => {
	const page = block('a', 'old a', 'then,\nthere') + block('b', 'old b', 'then');
	const filled = withBlock(page, 'a', 'new\ncosts $& 1', 'now');
	expect(filled).toBe(block('a', 'new\ncosts $& 1', 'now') + block('b', 'old b', 'then'));
});

it('refuses a page without the block', () => {
	expect(() => withBlock(block('a', 'x', 'y'), 'b', 'z', 'now')).toThrow('no one block for b');
	expect(() => withBlock(comment('a'), 'a', 'z', 'now')).toThrow('no one block for a');
});
