import { expect, it } from 'vitest';
import { AckCounter, InputGate } from './acks.ts';

it('says the whole count, once enough has been written', () => {
	const acks = new AckCounter();
	expect(acks.wrote(30_000)).toBeUndefined();
	expect(acks.wrote(3_000)).toBe(33_000);
	expect(acks.wrote(10)).toBeUndefined();
	expect(acks.flush()).toBe(33_010);
});

it('says nothing twice', () => {
	const acks = new AckCounter();
	expect(acks.flush()).toBeUndefined();
	acks.wrote(5);
	expect(acks.flush()).toBe(5);
	expect(acks.flush()).toBeUndefined();
});

const ANSWERS = ['\x1b[?1;2c', '\x1b[0n', '\x1b[12;1R', '\x1b[?1004;1$y', '\x1b[I', '\x1b[O'];
const STRINGS = ['\x1bP1$r0m\x1b\\', '\x1b]11;rgb:00/00/00\x1b\\'];
const KEYS = [
	'\x03',
	'clear',
	'\r',
	'\x1b',
	'\x1b[A',
	'\x1bOP',
	'\x1b[1;5C',
	'\x1b[3~',
	'\x1bP',
	'\x1b]',
];

it('holds back xterm’s own answers until every replay has ended', () => {
	const gate = new InputGate();
	const passing = () => [...ANSWERS, ...STRINGS].filter((data) => gate.passes(data));
	expect(passing()).toHaveLength(ANSWERS.length + STRINGS.length);
	gate.begin();
	gate.begin();
	gate.end();
	expect(passing()).toEqual([]);
	gate.end();
	expect(passing()).toHaveLength(ANSWERS.length + STRINGS.length);
	// An end without its beginning opens nothing twice.
	gate.end();
	gate.begin();
	expect(passing()).toEqual([]);
});

it('lets every key through a replay', () => {
	const gate = new InputGate();
	gate.begin();
	expect(KEYS.filter((key) => !gate.passes(key))).toEqual([]);
});
