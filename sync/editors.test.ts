// Two editors that people use with Yjs, typing through this server: CodeMirror and Tiptap.

import { JSDOM } from 'jsdom';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { newId, workspaceRoom } from '@containrlab/protocol/id.ts';
import { silentLogger } from './logger.ts';
import { MemoryStorage } from './memory-storage.ts';
import { SyncServer } from './server.ts';
import { stockClient, ticketFor, ticketKeys, TOKEN, until } from './testing.ts';

/** What the editors ask their browser for; set before they are loaded, for some look at once. */
const GLOBALS = [
	...[
		'document',
		'window',
		'Window',
		'MutationObserver',
		'Node',
		'Element',
		'HTMLElement',
		'Range',
	],
	...['Text', 'DocumentFragment', 'getComputedStyle', 'getSelection'],
	...['requestAnimationFrame', 'cancelAnimationFrame'],
];

const storage = new MemoryStorage();
let keys: CryptoKeyPair;
let server: SyncServer;
let url: string;
let room: string;
let page: JSDOM;

beforeAll(async () => {
	page = new JSDOM('<!doctype html><body></body>', { pretendToBeVisual: true });
	for (const name of GLOBALS) {
		const value: unknown = (page.window as unknown as Record<string, unknown>)[name];
		const isPlain = typeof value === 'function' && !/^[A-Z]/.test(name);
		Object.defineProperty(globalThis, name, {
			value: isPlain ? (value as () => void).bind(page.window) : value,
			configurable: true,
			writable: true,
		});
	}
	keys = await ticketKeys();
	server = new SyncServer({
		...{ storage, ticketPublicKey: keys.publicKey, token: TOKEN, logger: silentLogger },
	});
	({ url } = await server.listen(0, '127.0.0.1'));
});
afterAll(async () => {
	await server.close();
	page.window.close();
});
beforeEach(() => {
	room = workspaceRoom(newId());
	storage.create(room);
});

const client = (id: string) =>
	stockClient({
		...{ url, privateKey: keys.privateKey, ack: false },
		ticket: ticketFor(room, { user: { id, name: id, role: 'student' } }),
	});

test('y-codemirror.next: typing, undo and the other’s selection', async () => {
	const { EditorState } = await import('@codemirror/state');
	const { EditorView } = await import('@codemirror/view');
	const { yCollab, yUndoManagerKeymap } = await import('y-codemirror.next');
	const open = async (id: string) => {
		const it = await client(id);
		await until('synced', () => it.provider.synced);
		const view = new EditorView({
			parent: document.body,
			state: EditorState.create({
				doc: it.text.toString(),
				extensions: [yCollab(it.text, it.provider.awareness)],
			}),
		});
		onTestFinished(() => {
			view.destroy();
			it[Symbol.dispose]();
		});
		return { ...it, view, provider: it.provider, doc: it.doc };
	};
	const anna = await open('anna');
	const ben = await open('ben');
	anna.view.dispatch({ changes: { from: 0, insert: 'FROM python\nRUN pip' } });
	await until('ben sees it', () => ben.view.state.doc.lines === 2);
	ben.view.dispatch({ changes: { from: 5, to: 11, insert: 'node' } });
	await until('alike', () => anna.view.state.doc.toString() === 'FROM node\nRUN pip');
	yUndoManagerKeymap.find(({ key }) => key === 'Mod-z')!.run!(anna.view);
	await until('only hers is undone', () => ben.view.state.doc.toString() === 'node');
	expect(anna.view.state.doc.toString()).toBe('node');
});

test('Tiptap’s collaboration extension: paragraphs from both sides', async () => {
	const { Editor } = await import('@tiptap/core');
	const { Document } = await import('@tiptap/extension-document');
	const { Paragraph } = await import('@tiptap/extension-paragraph');
	const { Text } = await import('@tiptap/extension-text');
	const { Collaboration } = await import('@tiptap/extension-collaboration');
	const open = async (id: string) => {
		const it = await client(id);
		await until('synced', () => it.provider.synced);
		const element = document.body.appendChild(document.createElement('div'));
		const editor = new Editor({
			element,
			extensions: [Document, Paragraph, Text, Collaboration.configure({ document: it.doc })],
		});
		onTestFinished(() => {
			editor.destroy();
			it[Symbol.dispose]();
		});
		return editor;
	};
	const anna = await open('anna');
	const ben = await open('ben');
	anna.commands.insertContent('<p>What is an image?</p>');
	await until('ben reads the question', () => ben.getText().includes('What is an image?'));
	ben.commands.insertContentAt(ben.state.doc.content.size, '<p>Layers.</p>');
	await until('anna reads the answer', () => anna.getText().includes('Layers.'));
	anna.commands.undo();
	await until('only hers is undone', () => !ben.getText().includes('image'));
	expect(ben.getText()).toContain('Layers.');
	expect(anna.getJSON()).toEqual(ben.getJSON());
});
