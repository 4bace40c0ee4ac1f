// Looks into an image's layers where the sandbox's daemon keeps them: how large each is, what is in it,
// what a later one hides, and whether a secret is anywhere. Nothing of the image is run.

import { z } from 'zod';
import type { ImageInspect } from './image.ts';
import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { plain } from './text.ts';

export interface Layer {
	bytes: number;
	/** Of the base image, which the student only chose. */
	base: boolean;
	/** Its largest files, the largest first. */
	largest: { path: string; bytes: number }[];
}

export interface Found {
	/** As a container would see it, from the root. */
	path: string;
	/** Index into the layers, from the lowest. */
	layer: number;
	bytes: number;
	/** A container sees it; otherwise a later layer deletes it, and it is in the image all the same. */
	visible: boolean;
}

export interface Layers {
	layers: Layer[];
	/** By the globs that were asked for, what a container sees first. */
	found: ReadonlyMap<string, readonly Found[]>;
	/** Files that hold one of the secrets, in layers of the student's. */
	secrets: Found[];
	/** What the image remembers of its build, the newest first. */
	history: string;
}

/** Files that one glob may find: a base image has some ten thousand. */
const FOUND_LIMIT = 200_000;
/** Of these, so many are told of, those that a container sees first. */
const SHOWN_LIMIT = 50;
const TIMEOUT_MS = 120_000;

// Overlay: a device 0/0 hides what is below it, an opaque folder hides all that lower layers have in it,
// and so does whatever isn't a folder. The layer's own files are looked at after what it hides.
const PROGRAM = `
import heapq, json, os, re, stat, sys
asked = json.load(sys.stdin)
wanted = [re.compile(each) for each in asked['wanted']]
secrets = [each.encode() for each in asked['secrets']]
longest = max(map(len, secrets), default=0)

def entries(root):
    waiting = ['']
    while waiting:
        under = waiting.pop()
        with os.scandir(root + '/' + under) as found:
            for entry in found:
                path = under + '/' + entry.name if under else entry.name
                info = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(info.st_mode):
                    waiting.append(path)
                yield path, info

def opaque(path):
    for name in ('user.overlay.opaque', 'trusted.overlay.opaque'):
        try:
            if os.getxattr(path, name, follow_symlinks=False) == b'y':
                return True
        except OSError:
            pass
    return False

def holds(path):
    kept = b''
    with open(path, 'rb', buffering=0) as file:
        while piece := file.read(1 << 20):
            text = kept + piece
            if any(secret in text for secret in secrets):
                return True
            kept = text[-longest:]
    return False

class Finds:
    def __init__(self):
        self.all, self.under, self.seen = [], {}, {}

    def add(self, one):
        if len(self.all) >= asked['limit']:
            raise SystemExit('too many files were looked for')
        self.all.append(one)
        self.seen[one['path']] = one
        parent = os.path.dirname(one['path'])
        while parent:
            self.under.setdefault(parent, []).append(one)
            parent = os.path.dirname(parent)

    def hide(self, path, layer, itself):
        one = self.seen.get(path)
        hidden = self.under.get(path, []) + ([one] if one and itself else [])
        for each in hidden:
            if each['layer'] < layer:
                each['visible'] = False

    def shown(self):
        return sorted(self.all, key=lambda one: not one['visible'])[:asked['shown']]

layers, found, leaks = [], [Finds() for _ in wanted], Finds()
for index, root in enumerate(asked['roots']):
    total, largest = 0, []
    for path, info in entries(root):
        mode = info.st_mode
        folder = stat.S_ISDIR(mode)
        if not folder or opaque(root + '/' + path):
            for each in (*found, leaks):
                each.hide(path, index, not folder)
        if folder or (stat.S_ISCHR(mode) and info.st_rdev == 0):
            continue
        size = info.st_size
        total += size
        heapq.heappush(largest, (size, path))
        if len(largest) > 5:
            heapq.heappop(largest)
        for pattern, each in zip(wanted, found):
            if pattern.search(path):
                each.add({'path': path, 'layer': index, 'bytes': size, 'visible': True})
        if secrets and index >= asked['base'] and stat.S_ISREG(mode) and holds(root + '/' + path):
            leaks.add({'path': path, 'layer': index, 'bytes': size, 'visible': True})
    layers.append({'bytes': total, 'largest': [{'path': path, 'bytes': size} for size, path in sorted(largest, reverse=True)]})
json.dump({'layers': layers, 'found': [each.shown() for each in found], 'secrets': leaks.shown()}, sys.stdout)
`;

const SCRIPT = `
image=$1 program=$2 asked=$3
printf %s "$asked" | python3 -I -c "$program" || exit 70
echo
docker history --no-trunc --format '{{.CreatedBy}}' "$image" | head -c 262144
`;

const Finding = z.object({
	path: z.string().transform((path) => `/${plain(path)}`),
	layer: z.number().int(),
	bytes: z.number(),
	visible: z.boolean(),
});
const Answer = z.object({
	layers: z.array(
		z.object({
			bytes: z.number(),
			largest: z.array(z.object({ path: z.string(), bytes: z.number() })),
		}),
	),
	found: z.array(z.array(Finding)),
	secrets: z.array(Finding),
});

export async function measureLayers(
	sandbox: Sandbox,
	options: {
		image: string;
		inspect: ImageInspect;
		/** Layers of the base image, from the lowest. */
		base: number;
		/** Globs for paths. */
		wanted: readonly string[];
		secrets: readonly string[];
		signal?: AbortSignal;
	},
): Promise<Layers> {
	const asked = JSON.stringify({
		roots: layerRoots(options.inspect),
		wanted: options.wanted.map(globPattern),
		...{ secrets: options.secrets, base: options.base },
		...{ limit: FOUND_LIMIT, shown: SHOWN_LIMIT },
	});
	const outcome = await sandbox.exec(
		['sh', '-c', SCRIPT, 'layers', options.image, PROGRAM, asked],
		{
			timeoutMs: TIMEOUT_MS,
			maxOutput: 4 * 1024 * 1024,
			...(options.signal && { signal: options.signal }),
		},
	);
	const end = outcome.stdout.indexOf('\n');
	try {
		const { layers, found, secrets } = Answer.parse(JSON.parse(outcome.stdout.slice(0, end)));
		return {
			layers: layers.map((layer, index) => ({ ...layer, base: index < options.base })),
			found: new Map(options.wanted.map((glob, index) => [glob, found[index] ?? []])),
			secrets,
			history: plain(outcome.stdout.slice(end + 1)),
		};
	} catch (cause) {
		throw new InfrastructureError('layers-not-read', outcome.stderr.slice(-2000), { cause });
	}
}

/** How many layers are those of the largest of these images that is built upon. */
export async function baseLayers(
	sandbox: Sandbox,
	{ RootFS: { Layers } }: ImageInspect,
	images: readonly string[],
	signal?: AbortSignal,
): Promise<number> {
	if (images.length === 0) return 0;
	const { stdout, stderr, exitCode } = await sandbox.exec(
		['docker', 'image', 'inspect', '--format', '{{json .RootFS.Layers}}', ...images],
		{ timeoutMs: TIMEOUT_MS, ...(signal && { signal }) },
	);
	if (exitCode !== 0) throw new InfrastructureError('lab-image-missing', stderr.slice(-2000));
	const bases = stdout
		.trim()
		.split('\n')
		.map((line) => z.array(z.string()).parse(JSON.parse(line)));
	return bases
		.filter((base) => base.every((layer, index) => layer === Layers[index]))
		.reduce((most, { length }) => Math.max(most, length), 0);
}

/** From the lowest; the sandbox's own folder below all layers of a shared image is no layer. */
export function layerRoots({ GraphDriver, RootFS }: ImageInspect): string[] {
	const count = RootFS.Layers.length;
	if (count === 0) return [];
	const { UpperDir = '', LowerDir = '' } = GraphDriver.Data ?? {};
	const roots = [UpperDir, ...LowerDir.split(':')].filter((root) => root !== '').slice(0, count);
	if (GraphDriver.Name !== 'overlay2' || roots.length < count) {
		throw new InfrastructureError('layers-not-read', JSON.stringify(GraphDriver).slice(0, 2000));
	}
	return roots.reverse();
}

/** For the whole path without its first slash, and for all that is below it. */
export function globPattern(glob: string): string {
	const parts = glob.replace(/^\/+|\/+$/g, '').split('/');
	const pattern = parts.map((part, index) => {
		const last = index === parts.length - 1;
		if (part === '**') return last ? '.+' : '(?:[^/]+/)*';
		const name = part
			.replace(/[.+^${}()|[\]\\]/g, '\\$&')
			.replace(/\*+/g, '[^/]*')
			.replace(/\?/g, '[^/]');
		return last ? name : `${name}/`;
	});
	return `^${pattern.join('')}(?:/.*)?$`;
}
