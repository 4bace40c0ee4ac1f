// The agent is killed before each single thing that it does to the disk while it writes and reads a
// file: whoever comes after it loses nothing of what was typed, and takes nothing twice.

import { appendFile, cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AGENT } from '../agent/testing.ts';
import { TestWorkspace } from './testing.ts';

/** More than any of what is tried here takes. */
const STEPS = 26;

/** Dies before the n-th call that touches the disk, n being what the file beside it says. */
const MORTAL = `
import os as _os
def _mortal(name):
    real = getattr(_os, name)
    def call(*arguments, **named):
        try:
            with open(__file__ + '.fate') as file:
                _fate.setdefault('left', int(file.read()))
            _fate['left'] -= 1
        except OSError:
            _fate.clear()
        if _fate.get('left') == 0:
            if name in ('pwrite', 'write'):
                # As the kernel does: a write is cut short between two pages.
                at = arguments[2] if name == 'pwrite' else _os.fstat(arguments[0]).st_size
                half = (at + len(arguments[1]) // 2) // 4096 * 4096 - at
                if half > 0:
                    real(arguments[0], arguments[1][:half], *arguments[2:])
            _os.kill(_os.getpid(), 9)
        return real(*arguments, **named)
    setattr(_os, name, call)
_fate = {}
for _name in ('rename', 'unlink', 'ftruncate', 'pwrite', 'write', 'fchmod', 'link', 'rmdir', 'mkdir'):
    _mortal(_name)
`;

let program: string;
beforeAll(async () => {
	program = await mkdtemp(join(tmpdir(), 'agent-mortal-'));
	await cp(AGENT, program, { recursive: true });
	const main = join(program, '__main__.py');
	const source = await readFile(main, 'utf8');
	await writeFile(main, source.replace('\nimport fcntl\n', `\n${MORTAL}\nimport fcntl\n`));
});
afterAll(() => rm(program, { recursive: true }));

interface Act {
	/** Of `<e…>` and `<s…>`, what it puts in. */
	puts: string[];
	act: (ws: TestWorkspace, n: number) => unknown;
	/** Before the next agent comes. */
	then?: (ws: TestWorkspace, n: number) => unknown;
}

/** Lets the agent die at its n-th step from here on, does something, and brings up the next one. */
async function dying(ws: TestWorkspace, n: number, { act, then }: Act): Promise<boolean> {
	const fate = join(program, '__main__.py.fate');
	await writeFile(`${fate}.new`, String(n));
	await rename(`${fate}.new`, fate);
	await act(ws, n);
	const ended = ws.flush.drain().then(
		() => false,
		() => true,
	);
	const died = await Promise.race([ended, ws.client.closed.then(() => true)]);
	await rm(fate);
	await then?.(ws, n);
	await ws.agent.restart();
	await ws.reconnect();
	await ws.flush.drain();
	return died;
}

const FILLING = 'filling\n';
/** So often it fills two pages. */
const PASTED = 1100;

const ACTS: Record<string, Act> = {
	'somebody types, and more goes than comes': {
		puts: ['e'],
		act: (ws, n) => {
			const text = ws.text('f');
			text.delete(text.length - 2 * FILLING.length, 2 * FILLING.length);
			text.insert(0, `<e${n}>\n`);
		},
	},
	'somebody types while a program appends': {
		puts: ['e', 's'],
		act: async (ws, n) => {
			ws.text('f').insert(0, `<e${n}>\n`);
			await appendFile(ws.at('f'), `<s${n}>\n`);
		},
	},
	'somebody types, and a program appends once the agent is gone': {
		puts: ['e', 's'],
		act: (ws, n) => ws.text('f').insert(0, `<e${n}>\n`),
		then: (ws, n) => appendFile(ws.at('f'), `<s${n}>\n`),
	},
	'somebody pastes, and a program appends once the agent is gone': {
		puts: ['e', 's'],
		act: (ws, n) => {
			const text = ws.text('f');
			text.insert(text.length, FILLING.repeat(PASTED) + `<e${n}>\n`);
		},
		then: (ws, n) => appendFile(ws.at('f'), `<s${n}>\n`),
	},
	'somebody deletes, and a program appends once the agent is gone': {
		puts: ['s'],
		act: (ws) => ws.text('f').delete(0, FILLING.length),
		then: (ws, n) => appendFile(ws.at('f'), `<s${n}>\n`),
	},
	'somebody makes a file': { puts: ['e'], act: (ws, n) => ws.create(`made/${n}`, `<e${n}>\n`) },
};

test.each(Object.entries(ACTS))('%s', { timeout: 120_000 }, async (_what, act) => {
	const { puts } = act;
	await using ws = await TestWorkspace.open({ f: FILLING.repeat(80) }, undefined, program);
	let deaths = 0;
	let survived = 0;
	for (let n = 1; survived < 2 && n <= STEPS; n += 1) {
		if (await dying(ws, n, act)) deaths += 1;
		else survived += 1;
		const paths = ws.docPaths();
		const all = paths.map((path) => ws.docText(path).replaceAll(FILLING, '')).join('');
		for (let m = 1; m <= n; m += 1) {
			const times = puts.map((who) => all.split(`<${who}${m}>`).length - 1);
			expect(times, `step ${n}: ${m}\n${all}`).toEqual(puts.map(() => 1));
		}
		// Nor anything that nobody put there.
		expect(all.replaceAll(/<[es]\d+>\n/g, '')).toBe('');
		for (const path of paths) expect(await ws.read(path)).toBe(ws.docText(path));
	}
	expect(deaths).toBeGreaterThan(4);
	expect(survived).toBe(2);
});
