// Merging texts: by example, and by random edits that must all survive.

import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { diffText } from '@containrlab/protocol/text-diff.ts';
import { chooseBase } from './choose-base.ts';
import { applyEdits, applyToText, mergeEdits, unionEdits } from './merge.ts';
import { random } from './random.ts';

const merge = (base: string, mine: string, theirs: string) =>
	applyEdits(mine, mergeEdits(base, mine, theirs));

test.each([
	['nothing happened', 'a', 'a', 'a', 'a'],
	['only they changed it', 'a b c', 'a b c', 'a X c', 'a X c'],
	['only we changed it', 'a b c', 'a X c', 'a b c', 'a X c'],
	['both append', 'a\n', 'a\nmine\n', 'a\ntheirs\n', 'a\nmine\ntheirs\n'],
	['both insert the same', 'a\n', 'a\nsame\n', 'a\nsame\n', 'a\nsame\n'],
	['they saw the beginning of our typing', 'a\n', 'a\nlonger\n', 'a\nlong', 'a\nlonger\n'],
	['we delete a line, they append', 'a\nb\nc\n', 'a\nc\n', 'a\nb\nc\nd\n', 'a\nc\nd\n'],
	['they delete a line, we append', 'a\nb\nc\n', 'a\nb\nc\nd\n', 'a\nc\n', 'a\nc\nd\n'],
	['they delete all, we insert', 'a\nb\n', 'a\nnew\nb\n', '', 'new\n'],
	['we delete all, they insert', 'a\nb\n', '', 'a\nnew\nb\n', 'new\n'],
	['overlapping deletions', 'a,b;c:d.', 'a,d.', 'a,b;', 'a,'],
	['both replace one word', 'x old y', 'x mine y', 'x theirs y', 'x minetheirs y'],
	[
		'they replace a word that we delete by one that begins and ends as it did',
		'keep foremost, too',
		'keep, too',
		'keep fullest, too',
		'keepfullest, too',
	],
	['from nothing', '', 'mine', 'theirs', 'minetheirs'],
])('%s', (_name, base, mine, theirs, merged) => {
	expect(merge(base, mine, theirs)).toBe(merged);
});

test('edits never cut a code point in two', () => {
	const text = new Y.Doc().getText();
	text.insert(0, 'a😀b');
	applyToText(text, mergeEdits('a😀b', 'a😀b', 'a😁b'));
	expect(text.toString()).toBe('a😁b');
	// U+1F600 and U+1FA00 share neither half; U+1F600 and U+2F600 share the second.
	for (const [from, to] of [
		['😀', '🨀'],
		['😀😀', '\u{2F600}😀'],
		['x\u0301😀', 'x😀\u0301'],
	] as const) {
		for (const edit of mergeEdits(from, from, to)) {
			expect(edit.insert.isWellFormed()).toBe(true);
			expect(from.slice(edit.index, edit.index + edit.remove).isWellFormed()).toBe(true);
		}
		expect(merge(from, from, to)).toBe(to);
	}
});

test('an edit is as small as what changed', () => {
	expect(mergeEdits('name = foo\n', 'name = foo\n', 'name = food\n')).toEqual([
		{ index: 10, remove: 0, insert: 'd' },
	]);
});

test('a long text that changed in places far apart has changed only there', () => {
	const lines = Array.from({ length: 30_000 }, (_, n) => `${n}\n`);
	const other = lines.with(10, 'ten\n').toSpliced(15_000, 0, 'new\n').toSpliced(29_000, 5);
	const hunks = diffText(lines.join(''), other.join(''));
	expect(hunks.map(({ text }) => text)).toEqual(['ten\n', 'new\n', '']);
	expect(hunks.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThan(50);
	// Who saves a copy without what was typed since hadn't seen that.
	const [copy, newest] = [lines.join(''), lines.toSpliced(20_000, 0, '<typed>\n').join('')];
	expect(chooseBase(versionsOf(copy, `${newest}more\n`), 2, `first\n${copy}<mine>\n`)?.v).toBe(1);
});

test('a diff always leads to the other text', () => {
	for (let seed = 1; seed <= 300; seed += 1) {
		const r = random(seed);
		const make = () =>
			Array.from({ length: r.int(30) }, () =>
				r.pick(['a', 'b\n', ' ', '😀', '😁', 'foo', '\n']),
			).join('');
		const [from, to] = [make(), make()];
		const edits = diffText(from, to)
			.map((h) => ({ index: h.start, remove: h.end - h.start, insert: h.text }))
			.reverse();
		expect(applyEdits(from, edits)).toBe(to);
		expect(merge(from, from, to)).toBe(to);
		expect(merge(from, to, to)).toBe(to);
		expect(merge(from, to, from)).toBe(to);
	}
});

test('whatever both sides do, what each typed is there, and what each deleted is gone', () => {
	for (let seed = 1; seed <= 400; seed += 1) {
		const r = random(seed);
		const lines = Array.from({ length: r.int(12) }, (_, n) => `line ${n} of seed ${seed}\n`);
		const edit = (name: string) => {
			const added: string[] = [];
			const removed = new Set<string>();
			const result = lines.flatMap((line) => {
				const out: string[] = [];
				if (r.chance(0.2)) {
					const token = `<${name}${added.length}>`;
					added.push(token);
					out.push(`${token}\n`);
				}
				if (r.chance(0.2)) removed.add(line);
				else out.push(line);
				return out;
			});
			return { text: result.join(''), added, removed };
		};
		const [mine, theirs] = [edit('m'), edit('t')];
		const merged = merge(lines.join(''), mine.text, theirs.text);
		for (const token of [...mine.added, ...theirs.added]) expect(merged).toContain(token);
		for (const line of [...mine.removed, ...theirs.removed]) expect(merged).not.toContain(line);
	}
});

test('without a base nothing of either side is lost', () => {
	const mine = 'a\nmine\nb\n';
	expect(applyEdits(mine, unionEdits(mine, 'a\nb\ntheirs\n'))).toBe('a\nmine\nb\ntheirs\n');
});

test('large and utterly different texts are merged in bounded time', () => {
	const big = (seed: number) => {
		const r = random(seed);
		return Array.from({ length: 100_000 }, () => `${r.int(1000)} `).join('');
	};
	const [base, theirs] = [big(1), big(2)];
	const began = performance.now();
	const merged = merge(base, `<mine>${base}`, theirs);
	expect(performance.now() - began).toBeLessThan(2000);
	expect(merged).toContain('<mine>');
	expect(merged).toContain(theirs.slice(0, 1000));
});

const versionsOf = (...texts: string[]) =>
	texts.map((text, n) => ({
		...{ v: n + 1, at: n, read: true, gap: false, partial: false, on: null },
		text,
	}));
const versions = versionsOf('one\n', 'one\ntwo\n', 'one\ntwo\nthree\n');

test('the base is the version closest to what was written', () => {
	expect(chooseBase(versions, 3, 'one\nX\n')?.v).toBe(1);
	expect(chooseBase(versions, 3, 'one\ntwo\nthree\nX\n')?.v).toBe(3);
});

test('who writes a line where another appended one hadn’t seen that, however alike they look', () => {
	const both = versionsOf('a\n<foo 1\n', 'a\n<fool 1\n<appended>\n');
	expect(chooseBase(both, 2, 'a\n<foo 1\n<written>\n')?.v).toBe(1);
});

test('an exact return to an older version is a revert of what came since', () => {
	expect(chooseBase(versions, 3, 'one\n')?.v).toBe(3);
});

test('who returns to an older version takes back nothing that was typed only a moment ago', () => {
	const typed = versions.map((version) => ({ ...version, on: 'agreed' as const }));
	// They came at 1 s and at 2 s.
	const base = (at: number) => chooseBase(typed, 3, 'one\n', at)?.v;
	expect([1.5, 2.5, 3.5].map(base)).toEqual([1, 2, 3]);
	// Only its line ends were changed, say: it has all that it had.
	expect(chooseBase(typed, 3, 'one\ntwo\nthree\n', 1.5)?.v).toBe(3);
});

test('a return to an older version builds on what came of an older copy that was saved since', () => {
	const older = 'one\ntwo\nthree\nfour\n';
	const made = { v: 3, by: 1, state: '' };
	const saved = versionsOf('one\n', older, 'one\nX\n', `X\n${older}five\n`).map((version) => ({
		...version,
		on: version.v === 4 ? made : null,
	}));
	// Made from `one`: on that alone, all the rest would come twice.
	expect(chooseBase(saved, 4, older, 3.5)?.v).toBe(4);
	const added = versionsOf('one\n', older, `${older}X\n`, `${older}X\nfive\n`).map((version) => ({
		...version,
		on: version.v === 4 ? made : null,
	}));
	expect(chooseBase(added, 4, older, 3.5)?.v).toBe(3);
});

test('a version that both sides never agreed on is no base', () => {
	expect(chooseBase(versions, 1, 'one\ntwo\nX\n')?.v).toBe(1);
	expect(chooseBase(versions, 0, 'x')).toBeUndefined();
});

test('line ends that changed everywhere hide nothing of what their writer had seen', () => {
	const lines = ['<vykcmq>', '<reumzc> é', '<lwuofa>', '<utfbfq>', '<nggijz>', '<xlvdyj>'];
	const older = lines.map((line) => `${line}\n`).join('');
	const written = `${older}<zzlreq>\r\n`.replaceAll('\n', '\r\r\n');
	const both = versionsOf(older, `${older}<zzlreq>\r\n`);
	const appended = '<plxunr>\r\r<bzgoin><phtnsd>\n<ffbetz>\n';
	expect(chooseBase(both, 2, written + appended)?.v).toBe(2);
});
