// What a file is, from its first bytes: names lie, and so may their authors.

export type BytesKind = {
	name: string;
	/** Only for what a browser shows as a picture. */ image?: string;
};

/** As many as `kindOfBytes` looks at. */
export const HEAD_BYTES = 512;

type Mark = BytesKind & { at?: number; bytes: readonly number[] };

const text = (letters: string): number[] => [...letters].map((letter) => letter.charCodeAt(0));

const MARKS: readonly Mark[] = [
	{ name: 'PNG image', image: 'image/png', bytes: [0x89, ...text('PNG\r\n\x1a\n')] },
	{ name: 'JPEG image', image: 'image/jpeg', bytes: [0xff, 0xd8, 0xff] },
	{ name: 'GIF image', image: 'image/gif', bytes: text('GIF8') },
	{ name: 'Windows icon', image: 'image/x-icon', bytes: [0, 0, 1, 0] },
	{ name: 'PDF document', bytes: text('%PDF-') },
	{ name: 'zip archive', bytes: [...text('PK'), 3, 4] },
	{ name: 'gzip archive', bytes: [0x1f, 0x8b] },
	{ name: 'bzip2 archive', bytes: text('BZh') },
	{ name: 'xz archive', bytes: [0xfd, ...text('7zXZ\0')] },
	{ name: 'zstd archive', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
	{ name: 'tar archive', at: 257, bytes: text('ustar') },
	{ name: 'Linux program', bytes: [0x7f, ...text('ELF')] },
	{ name: 'WebAssembly module', bytes: text('\0asm') },
	{ name: 'Java class', bytes: [0xca, 0xfe, 0xba, 0xbe] },
	{ name: 'SQLite database', bytes: text('SQLite format 3\0') },
	{ name: 'WOFF2 font', bytes: text('wOF2') },
	{ name: 'Ogg audio or video', bytes: text('OggS') },
	{ name: 'MP3 audio', bytes: text('ID3') },
	{ name: 'MP4 video', at: 4, bytes: text('ftyp') },
];

export function kindOfBytes(head: Uint8Array): BytesKind | undefined {
	const holds = (at: number, bytes: readonly number[]) =>
		bytes.every((byte, index) => head[at + index] === byte);
	if (holds(0, text('RIFF')) && holds(8, text('WEBP'))) {
		return { name: 'WebP image', image: 'image/webp' };
	}
	return MARKS.find((mark) => holds(mark.at ?? 0, mark.bytes));
}

/** Rows as `hexdump -C` prints them: offset, bytes, and what of them can be read. */
export function hexRows(head: Uint8Array): { offset: string; hex: string; ascii: string }[] {
	const rows = [];
	for (let at = 0; at < head.length; at += 16) {
		const bytes = [...head.subarray(at, at + 16)];
		rows.push({
			offset: at.toString(16).padStart(6, '0'),
			hex: bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
			ascii: bytes
				.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
				.join(''),
		});
	}
	return rows;
}
