// Two editors and a shell at once, at random: at rest all agree, and nothing anyone typed is lost.
// FLUSH_FUZZ_ROUNDS makes it longer.

import { appendFile, chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { joinText, liveFiles, renameFile } from '@containrlab/protocol/workspace-doc.ts';
import { random, type Random } from './random.ts';
import { TestWorkspace } from './testing.ts';

const ROUNDS = Number(process.env['FLUSH_FUZZ_ROUNDS'] ?? 3);
const STEPS = 40;
const START = {
	Dockerfile: 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n',
	'app.py': 'print("grüße 😀")\nx = 1\n\n\ny = 2',
	'crlf.txt': '\ufeffone\r\ntwo\r\nthree\r\n',
	empty: '',
	'deep/er/e\u0301.txt': 'combi\u0301ning\n',
};

function editDocument(ws: TestWorkspace, r: Random, token: string): string {
	const files = liveFiles(ws.editor).filter((file) => file.kind === 'text');
	const file = r.pick(files);
	const text = file.text!;
	const content = text.toString();
	// Between lines: what others type stays whole.
	const at = content.lastIndexOf('\n', r.int(content.length + 1)) + 1;
	if (r.chance(0.15) && content !== '') {
		const end = content.indexOf('\n', at) + 1 || content.length;
		const line = content.slice(at, end);
		if (!line.includes('<')) text.delete(at, end - at);
	}
	if (r.chance(0.1)) {
		ws.editor.transact(() => renameFile(ws.editor, file.id, `doc/${token.slice(1, -1)}.txt`));
	}
	text.insert(Math.min(at, text.length), `${token}${r.pick(['', ' 😀', ' e\u0301'])}\n`);
	return token;
}

async function editDisk(ws: TestWorkspace, r: Random, token: string): Promise<string | undefined> {
	const paths = Object.keys(await ws.diskFiles());
	if (paths.length === 0) return undefined;
	const path = ws.at(r.pick(paths));
	const content = await readFile(path, 'utf8').catch(() => undefined);
	if (content === undefined) return undefined;
	const eol = content.includes('\r\n') ? '\r\n' : '\n';
	const full = content === '' || content.endsWith('\n') ? content : content + eol;
	switch (r.int(6)) {
		case 0: {
			const to = ws.at(`sh/${token.slice(1, -1)}`);
			await mkdir(dirname(to), { recursive: true });
			await rename(path, to).catch(() => {});
			return undefined;
		}
		case 1:
			await chmod(path, r.pick([0o644, 0o755])).catch(() => {});
			return undefined;
		case 2:
			await ws.write(`new/${token.slice(1, -1)}`, `${token}${eol}`);
			return token;
		default:
			// Appending is what a shell can do without racing anyone.
			await appendFile(path, `${full === content ? '' : eol}${token}${eol}`);
			return token;
	}
}

test.each(Array.from({ length: ROUNDS }, (_, n) => n + 1))(
	'seed %i',
	{ timeout: 60_000 },
	async (seed) => {
		const r = random(seed);
		await using ws = await TestWorkspace.open(START);
		const tokens: string[] = [];
		for (let step = 0; step < STEPS; step += 1) {
			const token = `<${seed}-${step}>`;
			if (r.chance(0.5)) tokens.push(editDocument(ws, r, token));
			else {
				const typed = await editDisk(ws, r, token);
				if (typed) tokens.push(typed);
			}
			if (r.chance(0.05)) {
				ws.kill();
				await ws.start();
			}
			if (r.chance(0.5)) await new Promise((resolve) => setTimeout(resolve, r.int(120)));
		}
		await ws.flush.drain();
		await ws.flush.drain();
		const disk = await ws.diskFiles();
		const doc = Object.fromEntries(
			liveFiles(ws.editor)
				.filter((file) => file.kind === 'text')
				.map((file) => [file.path, joinText(file.text!.toString(), file.eol, file.bom)]),
		);
		expect(disk).toEqual(doc);
		// A delete that met an edit leaves the text in the document, to be offered back.
		const everything = JSON.stringify(ws.editor.getMap('files').toJSON());
		expect(tokens.filter((token) => !everything.includes(token))).toEqual([]);
		expect(ws.heard.logs.filter((line) => line.includes('come to rest'))).toEqual([]);
	},
);

test('the file as written can be read back at once', async () => {
	await using ws = await TestWorkspace.open({ f: '' });
	await writeFile(ws.at('f'), 'x\n');
	await ws.flush.drain();
	expect(ws.docText('f')).toBe('x\n');
});
