import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { Awareness } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import { isDocumentFrame, readVarUint, SaveLedger } from './save-ledger.ts';

describe('isDocumentFrame', () => {
	it('counts step 2 and updates, and nothing else', () => {
		expect(isDocumentFrame(Uint8Array.of(0, 1, 9))).toBe(true);
		expect(isDocumentFrame(Uint8Array.of(0, 2, 9))).toBe(true);
		expect(isDocumentFrame(Uint8Array.of(0, 0, 9))).toBe(false);
		expect(isDocumentFrame(Uint8Array.of(1, 1, 9))).toBe(false);
		expect(isDocumentFrame(Uint8Array.of(3))).toBe(false);
	});

	it('agrees with what the real provider sends', () => {
		const frames: Uint8Array[] = [];
		class Socket {
			static OPEN = 1;
			OPEN = 1;
			readyState = 1;
			onopen?: () => void;
			send(frame: Uint8Array) {
				frames.push(frame);
			}
			close() {}
		}
		const doc = new Y.Doc();
		const provider = new WebsocketProvider('ws://nowhere', 'room', doc, {
			WebSocketPolyfill: Socket as unknown as typeof WebSocket,
			awareness: new Awareness(doc),
			disableBc: true,
		});
		(provider.ws as unknown as Socket).onopen?.();
		doc.getText('t').insert(0, 'a');
		doc.getText('t').delete(0, 1);
		provider.destroy();
		// Step 1 and awareness first, then one update each for the insertion and the deletion.
		expect(frames.map(isDocumentFrame).filter(Boolean)).toHaveLength(2);
		expect(isDocumentFrame(frames[0]!)).toBe(false);
	});
});

describe('readVarUint', () => {
	it('reads one and several bytes', () => {
		expect(readVarUint(Uint8Array.of(5), 0)).toBe(5);
		expect(readVarUint(Uint8Array.of(100, 0xac, 0x02), 1)).toBe(300);
	});
	it('refuses a number that is cut off', () => {
		expect(() => readVarUint(Uint8Array.of(0x80), 0)).toThrow(RangeError);
	});
});

describe('SaveLedger', () => {
	it('is saved only when everything sent is durable, and something was sent', () => {
		const ledger = new SaveLedger();
		const socket = {};
		expect(ledger.state).toBe('offline');
		ledger.open(socket);
		// Nothing sent yet: what was typed while offline may still be waiting for its resync.
		expect(ledger.state).toBe('saving');
		ledger.durable(0);
		expect(ledger.state).toBe('saving');
		ledger.sent(socket);
		expect(ledger.state).toBe('saving');
		ledger.durable(1);
		expect(ledger.state).toBe('saved');
		ledger.sent(socket);
		ledger.sent(socket);
		ledger.durable(2);
		expect(ledger.state).toBe('saving');
		ledger.durable(3);
		expect(ledger.state).toBe('saved');
	});

	it('starts from nothing after a reconnect', () => {
		const ledger = new SaveLedger();
		const first = {};
		ledger.open(first);
		ledger.sent(first);
		ledger.durable(1);
		ledger.close(first);
		expect(ledger.state).toBe('offline');
		const second = {};
		ledger.open(second);
		expect(ledger.state).toBe('saving');
		// The old socket's last words don't touch the new one's count.
		ledger.sent(first);
		ledger.close(first);
		expect(ledger.state).toBe('saving');
		ledger.sent(second);
		ledger.durable(1);
		expect(ledger.state).toBe('saved');
	});

	it('never counts backwards, and never calls more than was sent saved', () => {
		const ledger = new SaveLedger();
		const socket = {};
		ledger.open(socket);
		ledger.sent(socket);
		ledger.sent(socket);
		ledger.durable(2);
		ledger.durable(1);
		expect(ledger.state).toBe('saved');
		ledger.durable(3);
		expect(ledger.state).toBe('saving');
	});
});
