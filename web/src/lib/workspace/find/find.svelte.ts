// Find in files: the question, and where it was answered. The texts are copied to a worker when
// someone asks; typing elsewhere in the workspace knows nothing of it.

import type { WorkspaceDocument } from '../document.svelte.ts';
import { NoAnswer, Remote } from '../workers/remote.ts';
import type { FileMatches, methods } from './search.ts';

export type FindState =
	| { kind: 'idle' }
	| { kind: 'searching' }
	| { kind: 'done'; files: readonly FileMatches[]; count: number; cut: boolean }
	| { kind: 'problem'; text: string };

/** Enough for every honest pattern over a full workspace. */
const SEARCH_MS = 5_000;
const PAUSE_MS = 200;

export class FindInFiles {
	text = $state('');
	matchCase = $state(false);
	wholeWord = $state(false);
	regex = $state(false);
	state = $state.raw<FindState>({ kind: 'idle' });

	readonly #document: WorkspaceDocument;
	readonly #remote = new Remote<typeof methods>(
		() => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
	);
	#timer: ReturnType<typeof setTimeout> | undefined;
	#asked = 0;

	constructor(document: WorkspaceDocument) {
		this.#document = document;
	}

	/** After a pause in typing the question. */
	soon(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.now(), PAUSE_MS);
	}

	async now(): Promise<void> {
		clearTimeout(this.#timer);
		const asked = (this.#asked += 1);
		const { text, matchCase, wholeWord, regex } = this;
		if (text === '') {
			this.state = { kind: 'idle' };
			return;
		}
		if (this.state.kind !== 'done') this.state = { kind: 'searching' };
		const texts = this.#document.files.flatMap(({ id, path, text: content }) =>
			content ? [{ id, path, text: content.toString() }] : [],
		);
		const state = await this.#search([texts, { text, matchCase, wholeWord, regex }]);
		if (asked === this.#asked) this.state = state;
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#remote.close();
	}

	async #search(args: Parameters<(typeof methods)['search']>): Promise<FindState> {
		try {
			const result = await this.#remote.call('search', args, SEARCH_MS);
			if (!result.ok) return { kind: 'problem', text: 'This is no regular expression.' };
			const { files, count, cut } = result;
			return { kind: 'done', files, count, cut };
		} catch (cause) {
			const slow = cause instanceof NoAnswer && cause.reason === 'too-slow';
			const text = slow
				? 'This pattern takes too long to look for. Try a simpler one.'
				: 'The search broke off. Try again.';
			return { kind: 'problem', text };
		}
	}
}
