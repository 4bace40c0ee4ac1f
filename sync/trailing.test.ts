import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { LIMITS } from './limits.ts';
import { quadraticUpdate } from './testing.ts';
import { TrailingDoc } from './trailing.ts';
import { decodeUpdate, type Decoded } from './update.ts';

const decoded = (bytes: Uint8Array): Decoded => decodeUpdate(bytes)!;

/** Somebody's document, with what each of their edits sends. */
function author(starter = new Y.Doc()) {
	const doc = new Y.Doc();
	Y.applyUpdate(doc, Y.encodeStateAsUpdate(starter));
	const sent: Decoded[] = [];
	doc.on('update', (update, origin) => {
		if (origin !== 'other') sent.push(decoded(update));
	});
	return { doc, text: doc.getText('text'), sent };
}

function server(starter: string) {
	const doc = new Y.Doc();
	doc.getText('text').insert(0, starter);
	return { doc, trailing: new TrailingDoc(doc, 'test') };
}

test('keys are heard of together, and not before somebody asks', () => {
	const { doc, trailing } = server('FROM');
	const anna = author(doc);
	const ben = author(doc);
	let transactions = 0;
	doc.on('afterTransaction', () => (transactions += 1));
	for (const key of ' scratch') {
		anna.text.insert(anna.text.length, key);
		ben.text.insert(2, key);
	}
	for (const update of anna.sent) expect(trailing.take(update)).toBe(true);
	for (const update of ben.sent) expect(trailing.take(update)).toBe(true);
	expect(transactions).toBe(0);
	const text = trailing.whole.getText('text').toString();
	expect(transactions).toBe(1);
	for (const { bytes } of ben.sent) Y.applyUpdate(anna.doc, bytes, 'other');
	expect(text).toBe(anna.text.toString());
	expect(Y.encodeStateVector(doc)).toEqual(Y.encodeStateVector(trailing.whole));
});

test('it is never far behind', () => {
	const { doc, trailing } = server('FROM');
	const anna = author(doc);
	for (let n = 0; n < LIMITS.trailing.keys; n += 1) anna.text.insert(4 + n, 'x');
	for (const update of anna.sent) trailing.take(update);
	expect(doc.getText('text').length).toBe(4 + LIMITS.trailing.keys);
});

test('only what can’t fail may wait', () => {
	const { doc, trailing } = server('FROM');
	const anna = author(doc);
	const ben = author(doc);
	anna.text.delete(0, 1);
	anna.text.format(0, 2, { bold: true });
	anna.doc.getMap('files').set('a', 1);
	anna.doc.transact(() => {
		anna.text.insert(1, 'a');
		anna.text.insert(3, 'b');
	});
	for (const update of anna.sent) expect(trailing.take(update)).toBe(false);
	expect(trailing.take(decoded(quadraticUpdate(10)))).toBe(false);
	// The second without the first; behind what never came; and what is there already.
	ben.text.insert(4, 'x');
	ben.text.insert(0, 'y');
	ben.text.insert(1, 'z');
	const [first, second, third] = ben.sent as [Decoded, Decoded, Decoded];
	expect(trailing.take(second)).toBe(false);
	expect(trailing.take(third)).toBe(false);
	expect(trailing.take(first)).toBe(true);
	expect(trailing.take(first)).toBe(false);
});

test('behind something that waits for another, everything goes the long way', () => {
	const { doc, trailing } = server('FROM');
	const anna = author(doc);
	const ben = author(doc);
	for (const key of 'abc') anna.text.insert(4, key);
	Y.applyUpdate(trailing.whole, anna.sent[1]!.bytes);
	ben.text.insert(4, 'x');
	expect(trailing.take(ben.sent[0]!)).toBe(false);
});

test('a key that has to pass many others goes the long way, where steps are counted', () => {
	const { doc, trailing } = server('FROM');
	const crowd = Array.from({ length: LIMITS.trailing.steps + 2 }, () => author(doc));
	// Each behind the same letter, without knowing of the others.
	const sent = crowd.map((each) => {
		each.text.insert(4, 'x');
		return each.sent[0]!;
	});
	const last = sent.pop()!;
	for (const { bytes } of sent) Y.applyUpdate(trailing.whole, bytes);
	expect(trailing.take(last)).toBe(false);
});
