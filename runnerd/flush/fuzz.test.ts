// Two browsers, a shell and a runnerd that dies, at random: at rest all agree byte for byte, nothing
// that anyone typed is lost unless somebody took it away on purpose, and nothing is there twice.
//
// FLUSH_FUZZ_SEED replays one round. With SOAK there are many more, each run's its own.

import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type * as Y from 'yjs';
import { joinText, listFiles, liveFiles, splitText } from '@containrlab/protocol/workspace-doc.ts';
import { until } from '../sandboxes/testing.ts';
import { Browser } from './fuzz/browser.ts';
import { History } from './fuzz/history.ts';
import { Ledger } from './fuzz/ledger.ts';
import { Shell } from './fuzz/shell.ts';
import { HereSide, SandboxSide, type Side } from './fuzz/side.ts';
import { random, type Random } from './random.ts';
import type { SyncRoom } from './room.ts';
import { Cable, TestSync } from './sync-testing.ts';

const SOAK = process.env['SOAK'] !== undefined;
const SEED = process.env['FLUSH_FUZZ_SEED'];
/** How long they work in a round. */
const MS = SOAK ? 6000 : 3000;
const FROM = SOAK ? Math.floor(Date.now() / 1000) % 1_000_000 : 1;
const seeds = (rounds: number): number[] =>
	SEED ? [Number(SEED)] : Array.from({ length: rounds }, (_, n) => FROM + n);
const text = (path: string, content: string) =>
	({ kind: 'text', path, mode: 0o644, text: content }) as const;
const STARTER = [
	text('Dockerfile', 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'),
	text('app.py', 'print("grüße 😀")\nx = 1\n\n\ny = 2'),
	text('crlf.txt', '\ufeffone\r\ntwo\r\nthree\r\n'),
	text('empty', ''),
	text('deep/er/e\u0301.txt', 'combi\u0301ning\n'),
];
const sha = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

/** No line's output may be longer. */
const PRINTED = 900_000;
/** All that is on disk, by path. */
const DISK = (to: string) => `python3 - > ${to} <<'END'
import base64, json, os
found = {}
for above, names, files in os.walk('.'):
    for name in names + files:
        path = os.path.join(above, name)
        if os.path.islink(path): found[path[2:]] = ['link', os.readlink(path)]
        elif os.path.isdir(path): found[path[2:]] = ['dir', '']
        else: found[path[2:]] = ['%o' % (os.stat(path).st_mode & 0o777), base64.b64encode(open(path, 'rb').read()).decode()]
print(json.dumps(found))
END`;

async function diskOf(side: Side): Promise<Map<string, [string, Buffer | string]>> {
	const at = `${side.scratch}/disk`;
	await side.shell(DISK(at));
	let json = '';
	for (let more = true; more;) {
		const part = `tail -c +${json.length + 1} ${at} | head -c ${PRINTED}`;
		const printed = (await side.shell(part))!;
		json += printed;
		more = printed.length === PRINTED;
	}
	const found = JSON.parse(json) as Record<string, [string, string]>;
	return new Map(
		Object.entries(found).map(([path, [kind, content]]) => [
			path,
			[kind, kind === 'link' || kind === 'dir' ? content : Buffer.from(content, 'base64')],
		]),
	);
}

/** What the disk must hold by the document; directories that hold something show by that. */
function expectSame(doc: Y.Doc, disk: Map<string, [string, Buffer | string]>): void {
	const there = new Map<string, string>();
	const wanted = new Map<string, string>();
	for (const file of liveFiles(doc)) {
		const { path, kind, mode } = file;
		const [, content] = disk.get(path) ?? [];
		if (kind === 'dir') wanted.set(path, 'dir');
		else if (kind === 'link') wanted.set(path, `link ${file.target}`);
		else if (kind === 'binary') wanted.set(path, `${mode.toString(8)} ${file.sha}`);
		else {
			const raw = file.text!.toString();
			const whole = joinText(raw, file.eol, file.bom);
			// Mixed line ends stay on disk until somebody edits the text.
			const split = splitText(String(content));
			const isSame = split.text === raw && split.eol === file.eol && split.bom === file.bom;
			const bytes = isSame ? String(content) : whole;
			wanted.set(path, `${mode.toString(8)} ${sha(bytes)} ${bytes.slice(0, 2000)}`);
		}
	}
	for (const [path, [kind, content]] of disk) {
		if (kind === 'dir') {
			if (wanted.has(path)) there.set(path, 'dir');
		} else if (kind === 'link') there.set(path, `link ${String(content)}`);
		else {
			const isText = liveFiles(doc).find((file) => file.path === path)?.kind === 'text';
			const shown = isText ? ` ${String(content).slice(0, 2000)}` : '';
			there.set(path, `${kind} ${sha(content)}${shown}`);
		}
	}
	expect(Object.fromEntries(there)).toEqual(Object.fromEntries(wanted));
}

/** All that the document says, whatever the order in which it heard it. */
const filesOf = (doc: Y.Doc): string => {
	const files = Object.entries(doc.getMap<Y.Map<unknown>>('files').toJSON()).sort();
	return files
		.map(([id, file]) => `${id} ${JSON.stringify(Object.entries(file).sort())}`)
		.join('\n');
};

const textsOf = (doc: Y.Doc): string[] =>
	liveFiles(doc).flatMap(({ kind, text }) => (kind === 'text' ? text!.toString() : []));

/** What was in files that are deleted and aren't text. */
async function deleted(doc: Y.Doc, side: Side): Promise<string[]> {
	const files = listFiles(doc).filter((file) => file.kind === 'binary' && file.deletedAt);
	return Promise.all(files.map(async ({ sha = '' }) => String((await side.bytes(sha)) ?? '')));
}

interface FileShape {
	kind: string;
	text?: string;
}

async function round(
	seed: number,
	sync: TestSync,
	side: Side,
	history: History,
	ms: number,
): Promise<void> {
	const began = performance.now();
	const note = (who: string) => (what: string) => history.note(`${who}: ${what}`);
	const r = random(seed);
	const copies = seed % 3 === 0;
	await using cables = new AsyncDisposableStack();
	const browsers: Browser[] = [];
	const rooms: SyncRoom[] = [];
	const shown = () => rooms.flatMap(({ doc }) => textsOf(doc)).join('\n');
	const ledger = new Ledger(random(seed + 1e6), shown);
	for (const id of ['anna', 'ben']) {
		const cable = cables.use(await Cable.to(sync.port));
		const room = await sync.join({ id, role: 'student' }, cable.url);
		cables.defer(() => room.close());
		await room.ready;
		rooms.push(room);
		const upload = side instanceof HereSide ? (bytes: Buffer) => side.keep(bytes) : undefined;
		const own = random(seed * 10 + rooms.length);
		browsers.push(new Browser({ r: own, room, cable, ledger, copies, upload, log: note(id) }));
	}
	const shell = new Shell({ r: random(seed * 10), side, ledger, copies, log: note('shell') });
	const isOver = () => performance.now() - began > ms;
	const live = async (act: () => Promise<void>, own: Random, pause: number) => {
		while (!isOver()) {
			await act();
			await delay(own.int(pause));
		}
	};
	const kills = async () => {
		for (;;) {
			await delay(200 + r.int(1500));
			if (isOver()) return;
			const n = r.int(10);
			if (n < 5) {
				note('fate')('runnerd is killed');
				await side.killRunner();
			} else if (n < 7) {
				note('fate')('the agent is killed');
				await side.killAgent();
			} else if (n < 8) {
				note('fate')('sync is restarted');
				await sync.stop();
				await delay(r.int(300));
				await sync.start();
			}
		}
	};
	const acting = [
		...browsers.map((browser, n) => live(() => browser.act(), random(seed + n), 160)),
		live(() => shell.act(), random(seed - 1), 15),
		...(seed % 2 === 0 ? [kills()] : []),
	];
	await Promise.all(acting);
	note('fate')('rest');
	let missed: string[] = [];
	try {
		await settle(side, rooms);
		const [anna, ben] = rooms.map((room) => room.doc) as [Y.Doc, Y.Doc];
		const disk = await diskOf(side);
		expectSame(anna, disk);
		expect(filesOf(ben) === filesOf(anna)).toBe(true);
		const onDisk = [...disk.values()].map(([, content]) => String(content));
		missed = ledger.lost([filesOf(anna), ...onDisk, ...(await deleted(anna, side))].join('\n'));
		expect(missed).toEqual([]);
		missed = ledger.twice(textsOf(anna), copies);
		expect(missed).toEqual([]);
		expect(side.complaints()).toEqual([]);
		// Nothing typed lies where nobody sees it.
		const nodes = Object.values<FileShape>(anna.getMap('files').toJSON());
		expect(nodes.filter(({ kind, text = '' }) => kind !== 'text' && text !== '')).toEqual([]);
		// What everybody sees is what is stored.
		await sync.stop();
		await sync.start();
		const stored = await sync.join();
		cables.defer(() => stored.close());
		await stored.ready;
		expect(filesOf(stored.doc) === filesOf(anna)).toBe(true);
	} catch (error) {
		const end = filesOf(rooms[0]!.doc)
			.split('\n')
			.map((line) => line.slice(0, 1500));
		const why = error instanceof Error ? error.message : String(error);
		const told = [`seed ${seed}: ${why}`, ...history.acts(), ...end, history.of(missed)];
		console.error(told.join('\n'));
		throw error;
	}
}

/** Until all copies are one and stay it over another drain. */
async function settle(side: Side, rooms: readonly SyncRoom[]): Promise<void> {
	await until(
		'all come to rest',
		async () => {
			for (const room of rooms) await room.durable(AbortSignal.timeout(60_000));
			await side.rest();
			const before = rooms.map((room) => filesOf(room.doc));
			await side.rest();
			await delay(50);
			const after = rooms.map((room) => filesOf(room.doc));
			return new Set([...before, ...after]).size === 1;
		},
		60_000,
	);
}

test.each(seeds(SOAK ? 30 : 3))('at random, seed %i', { timeout: 180_000 }, async (seed) => {
	await using sync = await TestSync.create(STARTER);
	const history = new History();
	await using side = await HereSide.start(sync, history);
	await round(seed, sync, side, history, MS);
});

test.each(seeds(SOAK ? 6 : 2).filter((seed) => SEED ?? seed % 2 === 0))(
	'in a real sandbox, with a runnerd that is killed, seed %i',
	{ timeout: 240_000 },
	async (seed) => {
		await using sync = await TestSync.create(STARTER);
		await using side = await SandboxSide.start(sync);
		await round(seed, sync, side, new History(), 2 * MS);
	},
);
