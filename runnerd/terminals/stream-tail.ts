// Where a terminal's stream stops in the middle of a character or control sequence.
//
// A snapshot shows whole characters only. Whoever joins between the bytes of "ä" or of "ESC [ 3 1 m"
// needs the first bytes too, or the rest would show as rubbish.

const ESC = 0x1b;
/** Longer ones are strings (titles, pictures); their rest isn't worth remembering the start. */
const LIMIT = 4096;
const NOTHING = new Uint8Array(0);

export class StreamTail {
	/** What has begun and isn't complete; mostly nothing. */
	bytes: Uint8Array = NOTHING;

	push(chunk: Uint8Array): void {
		const data = this.bytes.length > 0 ? Buffer.concat([this.bytes, chunk]) : chunk;
		// ESC ends whatever came before it, so only the last one can be open.
		const escape = data.lastIndexOf(ESC);
		const open = escape >= 0 && !isComplete(data, escape) ? escape : data.length - openUtf8(data);
		const tail = data.subarray(open);
		// A copy: a view would keep the whole chunk.
		this.bytes = tail.length === 0 || tail.length > LIMIT ? NOTHING : tail.slice();
	}

	clear(): void {
		this.bytes = NOTHING;
	}
}

/** Whether the control sequence at `start` has its last byte (ECMA-48, 5.4 and 8.3). */
function isComplete(data: Uint8Array, start: number): boolean {
	let at = start + 1;
	const kind = data[at];
	if (kind === undefined) return false;
	// ESC [: parameters and intermediates 20–3F, then one final byte 40–7E.
	if (kind === 0x5b) return data.subarray(at + 1).some((byte) => byte >= 0x40 && byte <= 0x7e);
	// ESC ] P X ^ _: a string until BEL (or ESC \, which is a sequence of its own).
	if ([0x5d, 0x50, 0x58, 0x5e, 0x5f].includes(kind)) return data.indexOf(0x07, at + 1) !== -1;
	// Others: intermediates 20–2F, then one final byte.
	while (at < data.length && data[at]! >= 0x20 && data[at]! <= 0x2f) at += 1;
	return at < data.length;
}

/** How many bytes at the end are the beginning of a character in UTF-8. */
function openUtf8(data: Uint8Array): number {
	for (let back = 1; back <= 3 && back <= data.length; back += 1) {
		const byte = data[data.length - back]!;
		if (byte < 0x80) return 0;
		if (byte < 0xc0) continue;
		const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
		return length > back ? back : 0;
	}
	return 0;
}
