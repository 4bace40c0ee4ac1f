// Cuts endless control strings out of a terminal's stream. Whoever parses one (OSC, DCS, SOS, PM, APC)
// collects it until it ends, and a program may never end it, or print thousands: pictures, titles and
// link targets of megabytes would fill runnerd and every watcher's browser. No I/O.

/** More than any that a terminal of ours acts on: titles, marks, links, requests. */
export const STRING_MAX = 4096;

const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
/** In UTF-8 the first byte of U+0080–U+00BF: the 8-bit forms of ESC and one letter are among them. */
const C1_LEAD = 0xc2;
const ST = 0x9c;
const OSC = 0x9d;
const STRINGS = new Set([0x90, 0x98, OSC, 0x9e, 0x9f]);
const CANCEL = Buffer.from([CAN]);

export class StringLimit {
	/** What the last byte may have begun. */
	#begun: 'nothing' | 'escape' | 'c1' = 'nothing';
	/** The string that is open; a bell ends OSC alone. */
	#string: 'osc' | 'other' | undefined;
	#length = 0;

	/** The same bytes, unless a string is too long: then what is beyond becomes one CAN, which ends it. */
	pass(data: Buffer): Buffer {
		const kept: Buffer[] = [];
		let from = 0;
		const next = beginnings(data);
		for (
			let at = this.#quiet ? next(0) : 0;
			at < data.length;
			at = this.#quiet ? next(at + 1) : at + 1
		) {
			const wasCut = this.#cut;
			this.#take(data[at]!);
			const cut = this.#cut;
			if (!wasCut && cut) kept.push(data.subarray(from, at), CANCEL);
			// The byte that ends it goes too, but for ESC: something new begins there.
			if (wasCut || cut) from = !cut && data[at] === ESC ? at : at + 1;
		}
		if (kept.length === 0 && from === 0) return data;
		return Buffer.concat([...kept, data.subarray(from)]);
	}

	clear(): void {
		this.#begun = 'nothing';
		this.#string = undefined;
	}

	/** Nothing is open: only a beginning matters. */
	get #quiet(): boolean {
		return this.#begun === 'nothing' && this.#string === undefined;
	}

	get #cut(): boolean {
		return this.#string !== undefined && this.#length > STRING_MAX;
	}

	#take(byte: number): void {
		const begun = this.#begun;
		if (begun === 'escape' && (byte < 0x20 || byte === 0x7f) && byte !== CAN && byte !== SUB) {
			// A control within a sequence is acted on, and the sequence goes on.
			return;
		}
		this.#begun = 'nothing';
		if (byte === ESC) {
			this.#string = undefined;
			this.#begun = 'escape';
		} else if (byte === CAN || byte === SUB || (byte === BEL && this.#string === 'osc')) {
			this.#string = undefined;
		} else if (begun === 'c1' && byte === ST) this.#string = undefined;
		// ESC and a letter 40–5F is the same as that letter's 80–9F.
		else if (begun === 'escape') this.#open(byte + 0x40);
		else if (begun === 'c1' && !this.#string) this.#open(byte);
		else {
			if (this.#string) this.#length += 1;
			if (byte === C1_LEAD) this.#begun = 'c1';
		}
	}

	#open(control: number): void {
		if (!STRINGS.has(control)) return;
		this.#string = control === OSC ? 'osc' : 'other';
		this.#length = 0;
	}
}

/** Where, from `at` on, the next ESC or first byte of a C1 is: most output has few, and is only searched. */
function beginnings(data: Buffer): (at: number) => number {
	const found = (byte: number, at: number) => {
		const where = data.indexOf(byte, at);
		return where === -1 ? data.length : where;
	};
	let escape = -1;
	let lead = -1;
	return (at) => {
		if (escape < at) escape = found(ESC, at);
		if (lead < at) lead = found(C1_LEAD, at);
		return Math.min(escape, lead);
	};
}
