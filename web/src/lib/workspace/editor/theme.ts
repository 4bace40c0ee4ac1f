// The editor's looks, all from the design tokens, so that light, dark and projector need no switch.

import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags as t } from '@lezer/highlight';

const highlight = HighlightStyle.define([
	{
		tag: [t.keyword, t.operatorKeyword, t.controlKeyword, t.modifier],
		color: 'var(--code-keyword)',
	},
	{ tag: [t.string, t.special(t.string), t.regexp], color: 'var(--code-string)' },
	{ tag: [t.number, t.bool, t.null, t.atom], color: 'var(--code-number)' },
	{ tag: [t.comment, t.meta], color: 'var(--code-comment)' },
	{
		tag: [
			t.function(t.variableName),
			t.propertyName,
			t.attributeName,
			t.definition(t.variableName),
		],
		color: 'var(--code-name)',
	},
	{ tag: [t.typeName, t.className, t.tagName, t.namespace], color: 'var(--code-type)' },
	{ tag: [t.heading, t.strong], fontWeight: '620' },
	{ tag: t.emphasis, fontStyle: 'italic' },
	{ tag: [t.link, t.url], color: 'var(--code-name)', textDecoration: 'underline' },
	{ tag: t.invalid, color: 'var(--failed)' },
]);

const theme = EditorView.theme({
	'&': { height: '100%', backgroundColor: 'var(--surface)', color: 'var(--text)' },
	'&.cm-focused': { outline: 'none' },
	'.cm-scroller': {
		fontFamily: 'var(--font-mono)',
		fontSize: '0.875rem',
		lineHeight: '1.6',
		fontVariantLigatures: 'none',
	},
	'.cm-content': { padding: '0.5rem 0', caretColor: 'var(--text)' },
	'.cm-line': { padding: '0 0.75rem' },
	'.cm-cursor': { borderLeftColor: 'var(--text)', borderLeftWidth: '2px' },
	'.cm-gutters': {
		backgroundColor: 'var(--surface)',
		color: 'var(--code-comment)',
		border: 'none',
	},
	'.cm-lineNumbers .cm-gutterElement': { padding: '0 0.25rem 0 0.75rem', minWidth: '2.5rem' },
	'.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--editor-line) 60%, transparent)' },
	'.cm-activeLineGutter': { backgroundColor: 'var(--editor-line)', color: 'var(--text)' },
	'.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground':
		{ background: 'var(--editor-selection)' },
	'.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
		backgroundColor: 'var(--editor-selection)',
		outline: '1px solid var(--edge)',
	},
	'.cm-searchMatch': { backgroundColor: 'var(--editor-match)' },
	'.cm-searchMatch-selected': { backgroundColor: 'var(--editor-match-current)' },
	'.cm-selectionMatch': { backgroundColor: 'var(--editor-line)', outline: '1px solid var(--line)' },
	'.cm-foldPlaceholder': { background: 'var(--sunken)', border: 'none', color: 'var(--muted)' },
	'.cm-panels': { backgroundColor: 'var(--ground)', color: 'var(--text)' },
	'.cm-panels-bottom': { borderTop: '1px solid var(--line)' },
	'.cm-panel.cm-search': {
		padding: '0.5rem',
		fontFamily: 'var(--font-sans)',
		fontSize: '0.875rem',
	},
	'.cm-panel.cm-search label': { fontSize: '0.75rem' },
	'.cm-textfield': {
		backgroundColor: 'var(--surface)',
		border: '1px solid var(--edge)',
		borderRadius: '0.25rem',
		fontSize: '0.875rem',
	},
	'.cm-button': {
		backgroundImage: 'none',
		backgroundColor: 'var(--surface)',
		border: '1px solid var(--edge)',
		borderRadius: '0.25rem',
		fontSize: '0.75rem',
	},
	'.cm-tooltip': {
		backgroundColor: 'var(--raised)',
		border: '1px solid var(--line)',
		borderRadius: '0.375rem',
	},
	'.cm-tooltip-autocomplete ul li[aria-selected]': {
		backgroundColor: 'var(--selected)',
		color: 'var(--text)',
	},
	'.cm-tooltip.cm-tooltip-autocomplete > ul': {
		fontFamily: 'var(--font-mono)',
		fontSize: '0.8125rem',
		maxHeight: '14em',
	},
	'.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '0.125rem 0.5rem' },
	'.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '620' },
	'.cm-words, .cm-tooltip.cm-completionInfo': {
		maxWidth: '28rem',
		whiteSpace: 'pre-wrap',
		fontFamily: 'var(--font-sans)',
		fontSize: '0.8125rem',
		lineHeight: '1.5',
	},
	'.cm-words': { padding: '0.25rem 0.5rem' },
	// The editor's hints: a mark beside the line and a wavy line below the words.
	'.cm-diagnostic': {
		padding: '0.25rem 0.5rem',
		borderLeft: '3px solid',
		maxWidth: '32rem',
		whiteSpace: 'pre-wrap',
		fontFamily: 'var(--font-sans)',
		fontSize: '0.8125rem',
	},
	'.cm-diagnostic-error': { borderLeftColor: 'var(--failed)' },
	'.cm-diagnostic-warning': { borderLeftColor: 'var(--warning)' },
	'.cm-diagnostic-info': { borderLeftColor: 'var(--accent)' },
	'.cm-gutter-lint': { width: '0.9rem' },
	'.cm-gutter-lint .cm-gutterElement': { padding: '0' },
	// Told apart by shape as well as by colour.
	'.cm-lint-marker': {
		content: 'normal',
		width: '0.6rem',
		height: '0.6rem',
		margin: '0.4rem 0 0 0.2rem',
	},
	'.cm-lint-marker-error': { content: 'normal', background: 'var(--failed)', borderRadius: '50%' },
	'.cm-lint-marker-warning': {
		content: 'normal',
		background: 'var(--warning)',
		clipPath: 'polygon(50% 0, 100% 100%, 0 100%)',
	},
	'.cm-lint-marker-info': {
		content: 'normal',
		background: 'var(--accent)',
		height: '0.2rem',
		marginTop: '0.6rem',
	},
	'.cm-lintRange': { backgroundImage: 'none', textUnderlineOffset: '3px' },
	'.cm-lintRange-error': { textDecoration: 'underline wavy var(--failed) 1px' },
	'.cm-lintRange-warning': { textDecoration: 'underline wavy var(--warning) 1px' },
	'.cm-lintRange-info': { textDecoration: 'underline dotted var(--accent) 2px' },
	'.cm-flash': { backgroundColor: 'var(--editor-match)' },

	// Someone else's place: a bar in their colour, and their name above it.
	'.cm-peer': {
		position: 'relative',
		borderLeft: '2px solid',
		margin: '0 -1px',
		pointerEvents: 'none',
	},
	'.cm-peer-name': {
		position: 'absolute',
		left: '-2px',
		bottom: '100%',
		padding: '0 0.25rem',
		borderRadius: '0.25rem 0.25rem 0.25rem 0',
		font: '600 0.6875rem/1.3 var(--font-sans)',
		whiteSpace: 'nowrap',
		zIndex: '10',
	},
	'.cm-peer-at-end .cm-peer-name': {
		left: '4px',
		bottom: 'auto',
		top: '0.1em',
		borderRadius: '0.25rem',
	},
	'.cm-line:first-child .cm-peer:not(.cm-peer-at-end) .cm-peer-name': {
		bottom: 'auto',
		top: '100%',
		borderRadius: '0 0.25rem 0.25rem 0.25rem',
	},
});

export const editorLooks = [theme, syntaxHighlighting(highlight)];
