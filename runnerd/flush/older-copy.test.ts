// Who reads a file, thinks, and writes it back whole, while the browser types on: nothing that was
// typed after the read is lost, and nothing that the writer deleted comes back.

import { execFile } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { random, type Random } from './random.ts';
import { TestWorkspace, until } from './testing.ts';

const run = promisify(execFile);
const START = 'one\ntwo\nthree\n';

/** Types `text` before `anchor`, each character a version of its own on disk. */
async function typeFlushed(
	ws: TestWorkspace,
	text: string,
	anchor: string,
	flushed: () => unknown = () => {},
): Promise<void> {
	for (const letter of text) {
		ws.text('f').insert(ws.docText('f').indexOf(anchor), letter);
		await ws.flush.drain();
		await flushed();
	}
}

const letters = (count: number): string =>
	Array.from({ length: count }, (_, n) => (n % 40 === 39 ? '\n' : 'abcdefgh'[n % 8])).join('');

test.each([
	[5, 'alone'],
	[60, 'alone'],
	[400, 'alone'],
	[5, 'beside a server that reads every version'],
	[60, 'beside a server that reads every version'],
	[400, 'beside a server that reads every version'],
])('%i versions between read and write, %s', { timeout: 60_000 }, async (count, how) => {
	await using ws = await TestWorkspace.open({ f: START });
	const copy = await readFile(ws.at('f'), 'utf8');
	const typed = letters(count);
	await typeFlushed(ws, typed, 'one', how === 'alone' ? undefined : () => readFile(ws.at('f')));
	await writeFile(ws.at('f'), copy.replace('two\n', '').replace('three', 'THREE'));
	await until(() => ws.docText('f').includes('THREE'));
	await ws.flush.drain();
	expect(ws.docText('f')).toBe(`${typed}one\nTHREE\n`);
	expect(await ws.read('f')).toBe(ws.docText('f'));
});

test('both sides make the same change: what only the browser typed stays', async () => {
	await using ws = await TestWorkspace.open({ f: START });
	const copy = await readFile(ws.at('f'), 'utf8');
	const line = 'EXPOSE 8080\n';
	await typeFlushed(ws, '# a note\n', 'one');
	ws.text('f').insert(ws.text('f').length, line);
	await ws.flush.drain();
	await writeFile(ws.at('f'), `${copy.replace('two', '2')}${line}`);
	await until(() => ws.docText('f').includes('2'));
	await ws.flush.drain();
	expect(ws.docText('f')).toBe(`# a note\none\n2\nthree\n${line}`);
});

test('an editor that saved before goes on from what it saved', async () => {
	await using ws = await TestWorkspace.open({ f: START });
	const saved = (await readFile(ws.at('f'), 'utf8')).replace('two', 'TWO');
	await typeFlushed(ws, 'early\n', 'one');
	await writeFile(ws.at('f'), saved);
	await until(() => ws.docText('f').includes('TWO'));
	await typeFlushed(ws, letters(60), 'one');
	await writeFile(ws.at('f'), saved.replace('three', 'THREE'));
	await until(() => ws.docText('f').includes('THREE'));
	await ws.flush.drain();
	expect(ws.docText('f')).toBe(`early\n${letters(60)}one\nTWO\nTHREE\n`);
});

test('the agent restarts between read and write', async () => {
	await using ws = await TestWorkspace.open({ f: START });
	await typeFlushed(ws, 'the first line\n', 'one');
	const copy = await readFile(ws.at('f'), 'utf8');
	await ws.agent.restart();
	await ws.reconnect();
	await typeFlushed(ws, letters(60), 'one');
	await writeFile(ws.at('f'), copy.replace('first', 'FIRST').replace('two\n', ''));
	await until(() => ws.docText('f').includes('FIRST'));
	await ws.flush.drain();
	expect(ws.docText('f')).toBe(`the FIRST line\n${letters(60)}one\nthree\n`);
});

test('a file replaced by another, which nobody had read, is replaced', async () => {
	await using ws = await TestWorkspace.open({ f: 'x\n' });
	await typeFlushed(ws, letters(60), 'x');
	await writeFile(ws.at('f'), 'print("something else")\n');
	await until(() => ws.docText('f') === 'print("something else")\n');
	await ws.flush.drain();
	expect(await ws.read('f')).toBe('print("something else")\n');
});

test('appending without reading keeps all', async () => {
	await using ws = await TestWorkspace.open({ f: START });
	await typeFlushed(ws, letters(60), 'two');
	await run('sh', ['-c', 'echo four >> f'], { cwd: ws.agent.root });
	await until(() => ws.docText('f').endsWith('four\n'));
	expect(ws.docText('f')).toBe(`one\n${letters(60)}two\nthree\nfour\n`);
});

test('a writer that empties the file first loses nothing of it', { timeout: 60_000 }, async () => {
	await using ws = await TestWorkspace.open({ f: START });
	for (let n = 0; n < 12; n += 1) {
		await run('cp', ['f', '../copy'], { cwd: ws.agent.root });
		// The browser types into the moment between the two steps, which is when we look.
		const write = `{ sleep 0.0${n % 6}; cat ../copy; echo s${n}; } > f`;
		const writing = run('sh', ['-c', write], { cwd: ws.agent.root });
		const typing = typeFlushed(ws, `<${n}>\n`, 'one');
		await Promise.all([writing, typing]);
		await until(() => ws.docText('f').includes(`s${n}\n`));
		await ws.flush.drain();
	}
	const text = ws.docText('f');
	for (let n = 0; n < 12; n += 1) {
		expect(text.split(`<${n}>\n`), text).toHaveLength(2);
		expect(text.split(`s${n}\n`), text).toHaveLength(2);
	}
	for (const line of START.split(/(?<=\n)/)) expect(text.split(line), text).toHaveLength(2);
});

const linesOf = (text: string): string[] => text.match(/[^\n]*\n/g) ?? [];
/** Words that share no letters to speak of: a diff can't take one for a change of another. */
const word = (r: Random): string =>
	`${Array.from({ length: 9 }, () => r.pick([...'abcdefghijklmnopqrstuvwxyz'])).join('')}\n`;

/** One step of typing in the browser: a line in, or a line out. */
function typeOne(ws: TestWorkspace, r: Random, present: Set<string>): string | undefined {
	const text = ws.text('f');
	const lines = linesOf(text.toString());
	const line = r.int(lines.length + 1);
	const at = lines.slice(0, line).join('').length;
	if (r.chance(0.15) && line < lines.length) {
		text.delete(at, lines[line]!.length);
		present.delete(lines[line]!);
		return undefined;
	}
	const typed = word(r);
	text.insert(at, typed);
	present.add(typed);
	return typed;
}

/**
 * A small edit of what somebody read: lines out, lines in. Who takes out all that is new since an
 * earlier read can't be told from who had read earlier: not these.
 */
function editCopy(copy: string, r: Random, present: Set<string>, fresh: readonly string[]) {
	const lines = linesOf(copy).flatMap((line) => {
		const kept = fresh.includes(line) || !r.chance(0.1);
		if (!kept) present.delete(line);
		const added = r.chance(0.1) ? [word(r)] : [];
		for (const one of added) present.add(one);
		return kept ? [...added, line] : added;
	});
	const last = word(r);
	present.add(last);
	return { text: lines.join('') + last, last };
}

test.each([1, 2, 3, 4, 5, 6])('at random, seed %i', { timeout: 60_000 }, async (seed) => {
	const r = random(seed);
	const initial = Array.from({ length: 12 }, () => word(r)).join('');
	await using ws = await TestWorkspace.open({ f: initial });
	const present = new Set(linesOf(initial));
	let copy = initial;
	const typed: string[] = [];
	let fresh: string[] = [];
	for (let round = 0; round < 8; round += 1) {
		// One long-lived editor, which sometimes reads anew.
		if (round === 0 || r.chance(0.5)) {
			copy = await readFile(ws.at('f'), 'utf8');
			fresh = typed.slice(-10);
		}
		for (let left = r.pick([1, 5, 20, 60]); left > 0; left -= 1) {
			typed.push(typeOne(ws, r, present) ?? '');
			await ws.flush.drain();
			if (r.chance(0.05)) await readFile(ws.at('f'));
		}
		const edit = editCopy(copy, r, present, fresh);
		if (r.chance(0.5)) await writeFile(ws.at('f'), edit.text);
		else {
			await writeFile(ws.at('f.tmp'), edit.text);
			await rename(ws.at('f.tmp'), ws.at('f'));
		}
		await until(() => ws.docText('f').includes(edit.last));
		await ws.flush.drain();
		copy = edit.text;
		expect(linesOf(ws.docText('f')).sort()).toEqual([...present].sort());
		expect(await ws.read('f')).toBe(ws.docText('f'));
	}
});
