// The engine's exec frames, cut at every place a network may cut them.

import { expect, test } from 'vitest';
import { BoundedOutput, ExecDemux } from './streams.ts';

function frame(stream: number, text: string): Buffer {
	const body = Buffer.from(text);
	const header = Buffer.alloc(8);
	header[0] = stream;
	header.writeUInt32BE(body.length, 4);
	return Buffer.concat([header, body]);
}

test('frames are told apart wherever the bytes are cut', () => {
	const bytes = Buffer.concat([
		frame(1, 'hello '),
		frame(2, 'oops'),
		frame(1, ''),
		frame(1, 'wörld'),
	]);
	for (let size = 1; size <= bytes.length; size++) {
		const demux = new ExecDemux();
		const out = { stdout: '', stderr: '' };
		const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
		for (let at = 0; at < bytes.length; at += size) {
			for (const { stream, data } of demux.push(bytes.subarray(at, at + size))) {
				parts[stream].push(data);
			}
		}
		out.stdout = Buffer.concat(parts.stdout).toString();
		out.stderr = Buffer.concat(parts.stderr).toString();
		expect(out).toEqual({ stdout: 'hello wörld', stderr: 'oops' });
	}
});

test('a bounded output keeps the beginning and says that something is missing', () => {
	const output = new BoundedOutput(5);
	output.push(Buffer.from('abc'));
	expect(output.truncated).toBe(false);
	output.push(Buffer.from('def'));
	output.push(Buffer.from('ghi'));
	expect(output.toString()).toBe('abcde');
	expect(output.truncated).toBe(true);
});
