// Whatever people type, whatever breaks under them: all converge on what they did, and nothing that
// was called durable is ever missing. `SEED=<n>` replays one run.

import { afterEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { randomOf, World, type Browser, type Random } from './property-testing.ts';

const SOAK = process.env['SOAK'] !== undefined;
const SEED = process.env['SEED'];
const RUNS = SOAK ? 3000 : 100;
const STEPS = 400;
const BEGIN = Date.UTC(2026, 0, 1);

afterEach(() => void vi.useRealTimers());

/** What people did, in plain values: keys and words that only their owner touches. */
class Model {
	keys = new Map<string, number>();
	words = new Set<string>();
}

function edit(browser: Browser, random: Random, model: Model, step: number): void {
	const { doc, undo } = browser;
	const text = doc.getText('text');
	const list = doc.getArray<string>('list');
	const own = `${browser.ticket.user.id}:`;
	const nested = doc.getMap<Y.Map<unknown>>('nested');
	const key = `${own}${random(4)}`;
	const what: (() => void)[] = [
		() => text.insert(random(text.length + 1), `${step},`.repeat(1 + random(3))),
		() => text.length > 3 && text.delete(random(text.length - 3), 1 + random(3)),
		() => undo.undo(),
		() => undo.redo(),
		() => {
			doc.getMap('keys').set(key, step);
			model.keys.set(key, step);
		},
		() => {
			doc.getMap('keys').delete(key);
			model.keys.delete(key);
		},
		() => {
			list.insert(random(list.length + 1), [`${own}${step}`]);
			model.words.add(`${own}${step}`);
		},
		() => {
			const at = list.toArray().findLastIndex((word) => word.startsWith(own));
			if (at === -1) return;
			model.words.delete(list.get(at));
			list.delete(at);
		},
		() => {
			const file = new Y.Map<unknown>();
			file.set('text', new Y.Text(`file ${step}`));
			nested.set(`file${random(3)}`, file);
		},
		() =>
			(nested.get(`file${random(3)}`)?.get('text') as Y.Text | undefined)?.insert(0, `${step};`),
		() => nested.delete(`file${random(3)}`),
	];
	doc.transact(() => what[random(what.length)]!(), 'edit');
}

/** Rarely, what goes wrong; mostly, edits and a network that delivers some of what it has. */
async function takeStep(world: World, random: Random, model: Model, step: number): Promise<void> {
	const browser = world.browsers[random(world.browsers.length)]!;
	const what = random(100);
	if (what < 45) edit(browser, random, model, step);
	else if (what < 60) browser.deliver(1 + random(4));
	else if (what < 75) browser.receive(1 + random(4));
	else if (what < 84) await browser.connect(world.rooms);
	else if (what < 87) browser.disconnect();
	else if (what < 89) await world.compact();
	else if (what < 90) world.fold();
	else if (what < 92) vi.setSystemTime(BEGIN + (random(200) - 100) * 60_000);
	else if (what < 94) world.storage.stalls = true;
	else if (what < 97) world.storage.release();
	else if (what < 98) world.storage.fails = !world.storage.fails;
	else if (what < 99) world.restart();
	else world.replace();
	if (random(3) === 0) await world.breathe();
}

const contents = (doc: Y.Doc) => ({
	text: doc.getText('text').toString(),
	keys: doc.getMap('keys').toJSON(),
	list: doc.getArray('list').toJSON(),
	nested: doc.getMap('nested').toJSON(),
});

async function run(seed: number): Promise<void> {
	const random = randomOf(seed);
	vi.useFakeTimers({ toFake: ['Date'], now: BEGIN });
	const world = new World(random, 2 + random(5));
	const model = new Model();
	for (let step = 1; step <= STEPS; step += 1) await takeStep(world, random, model, step);
	vi.useRealTimers();
	await world.settle();
	world.verifyAcknowledged();
	const expected = contents(world.reference);
	for (const { doc } of world.browsers) expect(contents(doc)).toEqual(expected);
	expect(contents(world.stored().doc)).toEqual(expected);
	expect(expected.keys).toEqual(Object.fromEntries(model.keys));
	expect(expected.list.sort()).toEqual([...model.words].sort());
	await world.rooms.drain();
}

test(
	'random edits under disconnects, restarts, take-overs, compaction, folding and wrong clocks converge on what was done',
	async () => {
		const first = SEED === undefined ? (SOAK ? Date.now() % 1_000_000_000 : 1) : Number(SEED);
		for (let seed = first; seed < first + (SEED === undefined ? RUNS : 1); seed += 1) {
			try {
				await run(seed);
			} catch (cause) {
				throw new Error(`SEED=${seed}`, { cause });
			}
		}
	},
	SOAK ? 3_600_000 : 120_000,
);
