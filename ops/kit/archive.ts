// A kit as a file: a tar archive with a list of its parts and their checksums in front. It is read twice,
// first to the end: one that is damaged anywhere changes nothing.

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import tar from 'tar-stream';
import { z } from 'zod';
import { Refusal } from '../steps.ts';

const LIST = 'kit.json';
/** Of the list; it names a few parts. */
const LIST_BYTES = 256 * 1024;

const Part = z.object({
	name: z.enum(['labs.tar', 'images.tar', 'packages.tar']),
	bytes: z.number().int().nonnegative(),
	sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
type Part = z.infer<typeof Part>;
export type PartName = Part['name'];

const About = z.object({
	form: z.literal(1),
	/** As the engine says it: `amd64`, `arm64`. */
	architecture: z.string(),
	/** What the images are called on the engine. */
	images: z.array(z.string()),
});
export type About = z.infer<typeof About>;
const List = z.object({ about: About, parts: z.array(Part) });
/** With the checksum of itself. */
const SignedList = z.object({ sha256: z.string(), list: z.string() });

/** Writes `file` whole or not at all. Parts are spooled beside it: their lengths come first. */
export async function writeKit(
	file: string,
	about: About,
	parts: readonly { name: PartName; open: () => Promise<NodeJS.ReadableStream> }[],
): Promise<void> {
	const spool = await mkdtemp(join(dirname(file), '.kit-'));
	try {
		const listed: Part[] = [];
		for (const { name, open } of parts) {
			const hash = hashing();
			await pipeline(await open(), hash.through, createWriteStream(join(spool, name)));
			listed.push({ name, bytes: hash.bytes(), sha256: hash.digest() });
		}
		const list = JSON.stringify({ about, parts: listed } satisfies z.infer<typeof List>);
		const archive = tar.pack();
		const written = pipeline(archive, createWriteStream(join(spool, 'kit')));
		const text = JSON.stringify({ sha256: sha256(list), list });
		archive.entry({ name: LIST }, text);
		for (const { name, bytes } of listed) {
			const entry = archive.entry({ name, size: bytes });
			await pipeline(createReadStream(join(spool, name)), entry);
			await rm(join(spool, name));
		}
		archive.finalize();
		await written;
		await rename(join(spool, 'kit'), file);
	} finally {
		await rm(spool, { recursive: true, force: true });
	}
}

/** Reads all of it; what it is about, when every byte is as it was written. */
export async function checkKit(file: string): Promise<About> {
	const found = new Map<string, { bytes: number; sha256: string }>();
	let list: z.infer<typeof List> | undefined;
	try {
		for await (const { name, stream } of entriesOf(file)) {
			if (!list) {
				list = await readList(name, stream);
				continue;
			}
			const hash = hashing();
			await pipeline(stream, hash.through.resume());
			found.set(name, { bytes: hash.bytes(), sha256: hash.digest() });
		}
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
			throw new Refusal(`There is no ${file}.`);
		}
		throw damaged(file, cause);
	}
	const whole =
		list?.parts.length === found.size &&
		list.parts.every(({ name, bytes, sha256 }) => {
			const part = found.get(name);
			return part?.bytes === bytes && part.sha256 === sha256;
		});
	if (!list || !whole) throw damaged(file);
	return list.about;
}

/** Of a kit that was checked: hands over part by part. */
export async function readKit(
	file: string,
	take: Record<PartName, (part: Readable) => Promise<void>>,
): Promise<void> {
	for await (const { name, stream } of entriesOf(file)) {
		const known = Part.shape.name.safeParse(name);
		if (known.success) await take[known.data](stream);
		stream.resume();
	}
}

const damaged = (file: string, cause?: unknown) =>
	new Refusal(
		`${file} is damaged, or no kit: nothing of it was taken. Copy it again, and compare its size.`,
		{ cause },
	);

async function* entriesOf(file: string): AsyncGenerator<{ name: string; stream: Readable }> {
	await stat(file);
	const extract = tar.extract();
	// Its errors come out of the loop below.
	const reading = pipeline(createReadStream(file), extract).catch(() => {});
	for await (const entry of extract) {
		yield { name: entry.header.name, stream: entry as unknown as Readable };
	}
	await reading;
}

async function readList(name: string, stream: Readable): Promise<z.infer<typeof List>> {
	if (name !== LIST) throw new Error('it does not begin with a list');
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of stream as AsyncIterable<Buffer>) {
		bytes += chunk.length;
		if (bytes > LIST_BYTES) throw new Error('its list is too long');
		chunks.push(chunk);
	}
	const signed = SignedList.parse(JSON.parse(Buffer.concat(chunks).toString()));
	if (sha256(signed.list) !== signed.sha256) throw new Error('its list is not as it was');
	return List.parse(JSON.parse(signed.list));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Counts and sums up what passes. */
function hashing() {
	const hash = createHash('sha256');
	let bytes = 0;
	const through = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			hash.update(chunk);
			bytes += chunk.length;
			done(null, chunk);
		},
	});
	return { through, bytes: () => bytes, digest: () => hash.digest('hex') };
}
