import { describe, expect, it } from 'vitest';
import { formatJson, formatYaml, lintJson, lintYaml } from './data.ts';
import type { Formatted } from './hint.ts';

const textOf = (formatted: Formatted) => {
	if (!formatted.ok) throw new Error(`${formatted.line}: ${formatted.message}`);
	return formatted.text;
};

describe('JSON', () => {
	it('is indented, with comments and order kept', () => {
		const text = '{"b":1, // why\n"a":[1,\n2,],\n/* block */ "c":{}}';
		const formatted = textOf(formatJson(text));
		expect(formatted).toContain('  "b": 1, // why\n');
		expect(formatted).toContain('/* block */');
		expect(formatted.indexOf('"b"')).toBeLessThan(formatted.indexOf('"a"'));
		expect(formatted.endsWith('}\n')).toBe(true);
		expect(textOf(formatJson(formatted))).toBe(formatted);
	});

	it.each([
		['{\n  "a": 1\n  "b": 2\n}', 3, 'comma'],
		['{\n  a: 1\n}', 2, 'double quotes'],
		['[1,\n2', 2, 'bracket'],
		['nonsense \0 \ud800', 1, 'JSON'],
	])('that can’t be read is left alone and says where: %j', (text, line, word) => {
		expect(formatJson(text)).toMatchObject({
			...{ ok: false, line, message: expect.stringContaining(word) },
		});
		expect(lintJson(text)[0]).toMatchObject({ severity: 'error' });
	});

	it('that is empty is no mistake', () => {
		expect(lintJson('')).toEqual([]);
		expect(textOf(formatJson('  '))).toMatch(/^\s*$/);
	});
});

describe('YAML', () => {
	const COMPOSE = `# the stack
services:
    web: # ours
        image:   "nginx:1.27"

        ports: ['80:80',  "443:443"]
        command: >
            run it
            all
    db: &db
        image: postgres
    copy: *db
`;

	it('is indented, with comments, blank lines, blocks and anchors kept', async () => {
		const formatted = textOf(await formatYaml(COMPOSE));
		expect(formatted).toBe(`# the stack
services:
  web: # ours
    image: "nginx:1.27"

    ports: ["80:80", "443:443"]
    command: >
      run it
      all
  db: &db
    image: postgres
  copy: *db
`);
		expect(textOf(await formatYaml(formatted))).toBe(formatted);
	});

	it('keeps several documents apart', async () => {
		const text = 'a:   1\n---\nb:   2\n...\n---\nc: 3\n';
		const formatted = textOf(await formatYaml(text));
		expect(formatted).toContain('a: 1\n---\nb: 2\n');
		expect(formatted.match(/^---$/gm)).toHaveLength(2);
	});

	it.each([
		['a:\n\t- b\n', 2, 'tab'],
		['a: 1\nb: [1, 2\nc: 3\n', 3, ''],
		['a: 1\na: 2\n', 2, 'twice'],
		['a: "open\n', 1, ''],
	])('that can’t be read is left alone and says where: %j', async (text, line, word) => {
		const formatted = await formatYaml(text);
		expect(formatted.ok).toBe(false);
		expect(formatted).toMatchObject({ message: expect.stringContaining(word) });
		if (!formatted.ok) expect(Math.abs(formatted.line - line)).toBeLessThanOrEqual(1);
		expect(lintYaml(text).length).toBeGreaterThan(0);
	});

	it('survives what is meant to exhaust it', async () => {
		const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
		for (let n = 1; n < 9; n += 1) {
			const above = String.fromCharCode(96 + n);
			const name = String.fromCharCode(97 + n);
			bomb.push(`${name}: &${name} [${Array(9).fill(`*${above}`).join(',')}]`);
		}
		await expect(formatYaml(bomb.join('\n'))).rejects.toThrow(/alias/i);
	});
});
