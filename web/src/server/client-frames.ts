// What a browser sends over a WebSocket that web only pipes: where each message begins, and its first
// bytes, without holding any of it. Layout (RFC 6455, 5.2): FIN and opcode; mask bit and length, which
// grows by 2 or 8 bytes; 4 bytes of mask; payload. Extensions that change it aren't negotiated here.

import { MESSAGE, SYNC_STEP } from '@containrlab/protocol/sync.ts';

const OPCODE = { continuation: 0, text: 1, binary: 2 } as const;
const MASKED = 0x80;
/** Of the payload: enough to tell what kind of message it is. */
const PEEKED = 2;
const LONGEST_HEAD = 2 + 8 + 4 + PEEKED;

export type Begun = {
	binary: boolean;
	length: number;
	/** Up to two bytes. */
	first: Uint8Array;
};

export class ClientFrames {
	readonly #begun: (message: Begun) => void;
	/** Of a head that came in pieces. */
	readonly #head = Buffer.alloc(LONGEST_HEAD);
	#held = 0;
	/** Bytes of the present payload still to come. */
	#skip = 0;
	#lost = false;

	constructor(begun: (message: Begun) => void) {
		this.#begun = begun;
	}

	/** Never throws; what isn't a client's stream of frames ends its attention, and no more. */
	take(chunk: Uint8Array): void {
		let at = 0;
		while (at < chunk.length && !this.#lost) {
			if (this.#skip > 0) {
				const step = Math.min(this.#skip, chunk.length - at);
				this.#skip -= step;
				at += step;
			} else {
				this.#head[this.#held++] = chunk[at++]!;
				this.#readHead();
			}
		}
	}

	#readHead(): void {
		const head = this.#head;
		if (this.#held < 2) return;
		const short = head[1]! & 0x7f;
		const size = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + 4;
		if (this.#held < size) return;
		if ((head[1]! & MASKED) === 0) return this.#lose();
		const length =
			short === 126
				? head.readUInt16BE(2)
				: short === 127
					? Number(head.readBigUInt64BE(2))
					: short;
		const peeked = Math.min(PEEKED, length);
		if (this.#held < size + peeked) return;
		this.#held = 0;
		this.#skip = length - peeked;
		const opcode = head[0]! & 0x0f;
		if (opcode !== OPCODE.text && opcode !== OPCODE.binary) return;
		const first = Uint8Array.from(
			{ length: peeked },
			(_, i) => head[size + i]! ^ head[size - 4 + i]!,
		);
		this.#begun({ binary: opcode === OPCODE.binary, length, first });
	}

	#lose(): void {
		this.#lost = true;
	}
}

/** An edit: not a cursor's move, nor what a client sends by itself when it connects. */
export const isEdit = ({ binary, first }: Begun): boolean =>
	binary && first[0] === MESSAGE.sync && first[1] === SYNC_STEP.update;

/** Bytes for the shell: text frames are about windows and control. */
export const isTyping = ({ binary, length }: Begun): boolean => binary && length > 0;
