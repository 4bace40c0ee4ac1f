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

it('stays shut until every replay has ended', () => {
	const gate = new InputGate();
	expect(gate.open).toBe(true);
	gate.begin();
	gate.begin();
	gate.end();
	expect(gate.open).toBe(false);
	gate.end();
	expect(gate.open).toBe(true);
	// An end without its beginning opens nothing twice.
	gate.end();
	gate.begin();
	expect(gate.open).toBe(false);
});
