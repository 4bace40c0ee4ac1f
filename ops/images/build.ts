// Images made once: named by the hash of all that they are made of, so that nothing rebuilds needlessly.

import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import tar from 'tar-stream';

export interface ContextFile {
	path: string;
	mode: number;
	bytes: Buffer;
}

export interface BuildOptions {
	repository: string;
	/** Comes before the hash in the tag, for people. */
	label?: string;
	files: ContextFile[];
	dockerfile: string;
	args?: Record<string, string>;
	/** Files that an argument names exactly: left out of the hash. */
	named?: ContextFile[];
	/** Of arguments that only say where to fetch from, not what: left out of the hash. */
	places?: string[];
}

/** Every file under `dir`, sorted, without Python's and editors' leftovers, and without tests. */
export async function readContext(dir: string, below = ''): Promise<ContextFile[]> {
	const entries = await readdir(join(dir, below), { withFileTypes: true });
	const files: ContextFile[] = [];
	for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
		const path = below ? `${below}/${entry.name}` : entry.name;
		if (/^(__pycache__$|\.)|\.test\.ts$/.test(entry.name)) continue;
		if (entry.isDirectory()) files.push(...(await readContext(dir, path)));
		else if (entry.isFile()) {
			const executable = ((await stat(join(dir, path))).mode & 0o100) !== 0;
			const bytes = await readFile(join(dir, path));
			files.push({ path, mode: executable ? 0o755 : 0o644, bytes });
		}
	}
	return files;
}

/** The name that this recipe's image has, whether or not it is there. */
export function imageName(options: BuildOptions): string {
	const hash = createHash('sha256');
	const say = (text: string | Buffer) => hash.update(`${text.length}:`).update(text);
	for (const file of options.files) {
		say(`${file.path} ${file.mode}`);
		say(file.bytes);
	}
	say(options.dockerfile);
	for (const [name, value] of Object.entries(options.args ?? {}).sort()) {
		if (!options.places?.includes(name)) say(`${name}=${value}`);
	}
	const label = options.label ? `${options.label}-` : '';
	return `${options.repository}:${label}${hash.digest('hex').slice(0, 16)}`;
}

/** The id of an image on the engine, or undefined. */
export async function imageId(docker: Docker, name: string): Promise<string | undefined> {
	try {
		return (await docker.getImage(name).inspect()).Id;
	} catch (error) {
		if ((error as { statusCode?: number }).statusCode === 404) return undefined;
		throw error;
	}
}

/** Builds with BuildKit, which needs no client but this request. */
export async function build(
	docker: Docker,
	options: BuildOptions,
	log: (line: string) => void,
): Promise<void> {
	const stream = await docker.buildImage(
		Readable.from(pack([...options.files, ...(options.named ?? [])])),
		{
			t: imageName(options),
			dockerfile: options.dockerfile,
			buildargs: options.args ?? {},
			version: '2',
		},
	);
	await followBuild(docker, stream, options.repository, log);
}

/** Reads a build's events to its end; rejects with what it said last. */
export async function followBuild(
	docker: Docker,
	stream: NodeJS.ReadableStream,
	what: string,
	log: (line: string) => void,
): Promise<void> {
	const recent: string[] = [];
	await follow(docker, stream, (event) => {
		const line = readable(event.stream ?? '');
		if (!line) return;
		log(line);
		recent.push(line);
		if (recent.length > 40) recent.shift();
	}).catch((cause: unknown) => {
		throw new Error(`Building ${what} failed:\n${recent.join('\n')}`, { cause });
	});
}

interface EngineEvent {
	stream?: string;
	error?: string;
	status?: string;
	progress?: string;
}

/** Reads an engine's stream of events to its end; rejects with the error it names. */
export async function follow(
	docker: Docker,
	stream: NodeJS.ReadableStream,
	each: (event: EngineEvent) => void,
): Promise<void> {
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	const finished = (error: Error | null, events: EngineEvent[]) => {
		const failed = events?.find((event) => event.error)?.error;
		if (error ?? failed) reject(error ?? new Error(failed));
		else resolve();
	};
	// Knows BuildKit's events, unlike the one of its own modem; missing in the types.
	(docker as Docker & { followProgress: typeof docker.modem.followProgress }).followProgress(
		stream,
		finished,
		each,
	);
	await promise;
}

/** The output of BuildKit's steps comes through dockerode still in base64. */
function readable(line: string): string {
	const text = line.trim();
	const encoded = text.length % 4 === 0 && /^[A-Za-z0-9+/]{8,}={0,2}$/.test(text);
	return (encoded ? Buffer.from(text, 'base64').toString() : text).trim();
}

/** The files as a tar archive. */
export async function* pack(files: ContextFile[]): AsyncGenerator<Buffer> {
	const archive = tar.pack();
	// A fixed time: the same files make the same layers.
	for (const { path, mode, bytes } of files) {
		archive.entry({ name: path, mode, mtime: new Date(0) }, bytes);
	}
	archive.finalize();
	for await (const chunk of archive) yield chunk as Buffer;
}
