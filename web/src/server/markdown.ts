// A lab's text as HTML that can do nothing: markdown without raw HTML, then an allow-list.

import { headingsOf } from '@containrlab/protocol/headings.ts';
import MarkdownIt from 'markdown-it';
import sanitize from 'sanitize-html';

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });

// What a failed check can link to. No other text names an element of the page.
markdown.core.ruler.push('parts', ({ src, tokens }) => {
	const anchors = new Map(headingsOf(src).map(({ line, anchor }) => [line, anchor]));
	for (const token of tokens) {
		const anchor = token.map && anchors.get(token.map[0] + 1);
		if (token.type === 'heading_open' && anchor) token.attrSet('id', `part-${anchor}`);
	}
});

const ALLOWED: sanitize.IOptions = {
	allowedTags: [
		...['h1', 'h2', 'h3', 'h4', 'p', 'br', 'hr', 'ul', 'ol', 'li', 'blockquote'],
		...['pre', 'code', 'em', 'strong', 's', 'a', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
	],
	allowedAttributes: {
		a: ['href', 'title', 'rel', 'target'],
		...{ h1: ['id'], h2: ['id'], h3: ['id'] },
		ol: ['start'],
		pre: ['tabindex'],
	},
	allowedClasses: { code: ['language-*'] },
	allowedSchemes: ['https', 'http', 'mailto'],
	allowProtocolRelative: false,
	transformTags: {
		// It may be wider than its pane, and is scrolled by the keyboard too.
		pre: sanitize.simpleTransform('pre', { tabindex: '0' }),
		// Leaving the workspace by a click on its text would close what someone is working in.
		a: sanitize.simpleTransform('a', { rel: 'noopener noreferrer', target: '_blank' }),
	},
};

export const renderMarkdown = (text: string): string => sanitize(markdown.render(text), ALLOWED);
