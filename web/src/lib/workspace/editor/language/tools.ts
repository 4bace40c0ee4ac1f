// Language tools of an open file: hints as one types, completion, hover and formatting. The languages
// themselves live in workers; what takes them too long costs an answer, never the page.

import {
	acceptCompletion,
	autocompletion,
	completionStatus,
	selectedCompletionIndex,
	setSelectedCompletion,
	snippet,
	startCompletion,
	type Completion,
	type CompletionContext,
	type CompletionResult,
} from '@codemirror/autocomplete';
import { linter, type Diagnostic } from '@codemirror/lint';
import { Prec, type EditorState, type Extension, type Text } from '@codemirror/state';
import { hoverTooltip, keymap, type EditorView } from '@codemirror/view';
import { Remote } from '../../workers/remote.ts';
import type { methods as dataMethods } from './data.ts';
import type { methods as dockerfileMethods, Proposal } from './dockerfile.ts';
import type { Formatted, Hint } from './hint.ts';
import type { Language } from './language-of.ts';

const dockerfile = new Remote<typeof dockerfileMethods>(
	() => new Worker(new URL('./dockerfile-worker.ts', import.meta.url), { type: 'module' }),
);
const data = new Remote<typeof dataMethods>(
	() => new Worker(new URL('./data-worker.ts', import.meta.url), { type: 'module' }),
);

/** No one writes longer ones by hand; characters. */
const LINT_MOST = 200_000;
/** The first call loads the worker, on a slow machine and network too. */
const LINT_MS = 10_000;
const ANSWER_MS = 5_000;
const FORMAT_MS = 15_000;
/** A pause in typing. */
const LINT_AFTER_MS = 400;

const TOO_LARGE: Hint = {
	...{ from: 0, to: 0, severity: 'info' },
	message: 'This file is too large, or too odd, to be read as you type.',
};

export function languageTools(language: Language, images: readonly string[]): Extension {
	const lint = linter((view) => hintsFor(language, view.state.doc), { delay: LINT_AFTER_MS });
	return language === 'dockerfile' ? [lint, completion(images), hover] : lint;
}

/** Null when it took too long. */
export async function formatted(language: Language, text: string): Promise<Formatted | null> {
	if (language === 'dockerfile') return null;
	const method = language === 'json' ? 'formatJson' : 'formatYaml';
	return data.call(method, [text], FORMAT_MS).catch(() => null);
}

/** The text that was too much last time is not tried again. */
let odd: Text | undefined;

async function hintsFor(language: Language, doc: Text): Promise<Diagnostic[]> {
	if (doc.length > LINT_MOST || odd?.eq(doc)) return [TOO_LARGE];
	const text = doc.toString();
	try {
		if (language === 'dockerfile') return await dockerfile.call('lint', [text], LINT_MS);
		return await data.call(language === 'json' ? 'lintJson' : 'lintYaml', [text], LINT_MS);
	} catch {
		odd = doc;
		return [TOO_LARGE];
	}
}

function placeOf(state: EditorState, at: number): [line: number, character: number] {
	const line = state.doc.lineAt(at);
	return [line.number - 1, at - line.from];
}

function completion(images: readonly string[]): Extension {
	const source = async (context: CompletionContext): Promise<CompletionResult | null> => {
		const { state, pos, explicit } = context;
		// An empty line or a finished word is no question.
		if (!explicit && !context.matchBefore(/[\w:./-]+/)) return null;
		if (state.doc.length > LINT_MOST) return null;
		const [line, character] = placeOf(state, pos);
		const args = [state.doc.toString(), line, character, [...images]] as const;
		const proposals = await dockerfile
			.call('complete', [...args], ANSWER_MS)
			.catch(() => [] as Proposal[]);
		const from = proposals[0]?.from;
		if (from === undefined || context.aborted) return null;
		const options = proposals.filter((one) => one.from === from).map(optionOf);
		return { from, options, validFor: /^[\w:./-]*$/ };
	};
	return [
		// Enter stays a new line unless one was chosen by arrow; Tab takes the first.
		autocompletion({
			...{ override: [source], selectOnOpen: false, icons: false, interactionDelay: 0 },
		}),
		Prec.high(keymap.of([{ key: 'Tab', run: takeFirst }])),
		keymap.of([{ key: 'Ctrl-i', run: startCompletion }]),
	];
}

const optionOf = (proposal: Proposal): Completion => ({
	label: proposal.label,
	apply: proposal.snippet ? snippet(proposal.insert.replace(/\$0/g, '')) : proposal.insert,
	...(proposal.documentation && { info: () => plain(proposal.documentation) }),
});

function takeFirst(view: EditorView): boolean {
	if (completionStatus(view.state) !== 'active') return false;
	if ((selectedCompletionIndex(view.state) ?? -1) < 0) {
		view.dispatch({ effects: setSelectedCompletion(0) });
	}
	return acceptCompletion(view);
}

const hover = hoverTooltip(async (view, pos) => {
	if (view.state.doc.length > LINT_MOST) return null;
	const [line, character] = placeOf(view.state, pos);
	const text = await dockerfile
		.call('hover', [view.state.doc.toString(), line, character], ANSWER_MS)
		.catch(() => undefined);
	return text ? { pos, create: () => ({ dom: plain(text) }) } : null;
});

/** What a student wrote may be part of it: never markup. */
function plain(text: string): HTMLElement {
	const element = document.createElement('div');
	element.className = 'cm-words';
	element.textContent = text;
	return element;
}
