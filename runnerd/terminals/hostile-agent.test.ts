// An agent that lies: students are root where it runs.

import { duplexPair, type Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { encodeHead, FrameReader } from '../agent/frame.ts';
import { TestRunner } from './testing.ts';

type Say = (header: object, body?: Buffer) => void;

/** Answers as an agent does, then once, at the first attach, does what `mischief` says. */
async function behindLiar(mischief: (say: Say, stream: Duplex) => void): Promise<void> {
	let connections = 0;
	const open = (): Promise<Duplex> => {
		const [ours, theirs] = duplexPair();
		const honest = connections++ > 0;
		const reader = new FrameReader();
		const say: Say = (header, body = Buffer.alloc(0)) => {
			if (!theirs.writable) return;
			theirs.write(encodeHead(header, body.length));
			if (body.length > 0) theirs.write(body);
		};
		theirs.on('error', () => {});
		theirs.on('data', (chunk: Buffer) => {
			for (const { header } of reader.push(chunk)) {
				const { id, op } = header as { id?: number; op: string };
				if (id !== undefined) say({ id, ok: true, boot: 'same', terminals: [] });
				if (op !== 'terminal.attach') continue;
				if (honest) greet(say);
				else mischief(say, theirs);
			}
		});
		return Promise.resolve(ours);
	};
	await using runner = await TestRunner.start(open);
	const browser = await runner.join();
	await browser.shows('honest');
	expect(connections).toBeGreaterThan(1);
}

const FROM = { ev: 'terminal.from', terminal: '1', gap: true, shell: 1, cols: 80, rows: 24 };
const OUTPUT = { ev: 'terminal.output', terminal: '1' };

function greet(say: Say): void {
	say({ ...FROM, offset: 0, end: 0 });
	say({ ...OUTPUT, offset: 0 }, Buffer.from('honest'));
}

test('output out of order', () =>
	behindLiar((say) => {
		say({ ...FROM, offset: 0, end: 0 });
		say({ ...OUTPUT, offset: 7 }, Buffer.from('later'));
	}));

test('output beyond every window', () =>
	behindLiar((say) => {
		say({ ...FROM, offset: 0, end: 0 });
		const piece = Buffer.alloc(1024 * 1024, 'x');
		for (let n = 0; n < 6; n += 1) say({ ...OUTPUT, offset: n * piece.length }, piece);
	}));

test('events without end', () =>
	behindLiar((say) => {
		say({ ...FROM, offset: 0, end: 0 });
		say({ ...OUTPUT, offset: 0 }, Buffer.alloc(1024 * 1024, 'y\n'));
		for (let n = 0; n < 10_000; n += 1) {
			say({ ev: 'terminal.size', terminal: '1', cols: 80 + (n % 2), rows: 24 });
			say({ ev: 'terminal.shell', terminal: '1', shell: n });
		}
	}));

test('a frame larger than any', () =>
	behindLiar((_say, stream) => {
		stream.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
	}));

test('what is unknown or misshapen is dropped, and the rest goes on', () =>
	behindLiar((say, stream) => {
		say({ ev: 'terminal.size', terminal: '1', offset: 0, cols: 1e9, rows: -1 });
		say({ ev: 'terminal.shell', terminal: '1', shell: 'x' });
		say({ ev: 'terminal.output', terminal: '1', offset: '0' });
		say({ ev: 'terminal.output', terminal: '7', offset: 5 }, Buffer.from('elsewhere'));
		say({ ev: 'surprise' });
		say({ nothing: true });
		say({ id: 99, ok: 'maybe' });
		say({ id: 4711, ok: true });
		// Nothing of that ended the connection, so this must.
		setImmediate(() => stream.destroy());
	}));
