// A lab as a page for its author: text, checks and mistakes, read anew whenever a file changes.

import { watch } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readCatalog } from '@containrlab/labs/catalog.ts';
import { inPhases, viewOf } from '@containrlab/protocol/checks/declaration.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import { renderMarkdown } from '../../web/src/server/markdown.ts';

/** Serves until it is stopped, for this computer alone. */
export async function preview(labs: string, slug: string): Promise<void> {
	const open = new Set<ServerResponse>();
	const server = createServer((request, response) => {
		if (request.url === '/changes') {
			response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
			open.add(response);
			response.on('close', () => open.delete(response));
			return;
		}
		void page(labs, slug).then(
			(html) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html),
			(error: unknown) => response.writeHead(500).end(String(error)),
		);
	});
	// Editors write in several steps: one word to the page is enough for all of them.
	let due: NodeJS.Timeout | undefined;
	watch(join(labs, slug), { recursive: true }, () => {
		clearTimeout(due);
		due = setTimeout(() => {
			for (const response of open) response.write('data: changed\n\n');
		}, 100);
	});
	server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
		console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
	});
}

export async function page(labs: string, slug: string): Promise<string> {
	const catalog = await readCatalog(labs);
	const lab = catalog.labs.find((each) => each.slug === slug);
	const problems = catalog.problems.filter((problem) => problem.slug === slug);
	const mistakes = problems.map(
		({ file, line, message }) =>
			`<li><code>${escape(`labs/${file}${line === undefined ? '' : `:${line}`}`)}</code> ${escape(message)}</li>`,
	);
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(slug)}</title>
<style>${STYLE}</style>
${mistakes.length > 0 ? `<section class="mistakes"><h2>To put right</h2><ul>${mistakes.join('')}</ul></section>` : ''}
${lab ? body(lab) : mistakes.length > 0 ? '' : `<p>There is no labs/${escape(slug)}.</p>`}
<script>new EventSource('/changes').onmessage = () => location.reload();</script></html>`;
}

function body({ front, text }: Lab): string {
	const checks = inPhases(front.checks).map((declared) => {
		const { title, phase, points, bonus } = viewOf(declared);
		const worth = `${phase}, ${points} ${points === 1 ? 'point' : 'points'}${bonus ? ', bonus' : ''}`;
		const part = declared.teaches;
		return `<li>${escape(title)} <small>${worth}${part === undefined ? '' : `, <a href="#part-${escape(part)}">${escape(part)}</a>`}</small></li>`;
	});
	return `<h1>${escape(front.title)}</h1><p>${escape(front.summary)} <small>about ${front.minutes} min</small></p>
<h2>What you’ll be able to do</h2><ul>${list(front.goals)}</ul>
<h2>What will be checked</h2><ol>${checks.join('')}</ol><hr>
${renderMarkdown(text)}<hr><h2>Hints</h2><ol>${list(front.hints)}</ol>`;
}

const list = (items: readonly string[]): string =>
	items.map((item) => `<li>${escape(item)}</li>`).join('');

const escape = (text: string): string =>
	text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Plain, as wide as the guide's text, in the reader's light or dark. */
const STYLE = `:root { color-scheme: light dark; }
body { max-width: 75ch; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
pre { overflow: auto; padding: .75rem; border: 1px solid #8886; border-radius: 4px; }
table { border-collapse: collapse; } th, td { border: 1px solid #8886; padding: .25rem .5rem; text-align: left; }
small { opacity: .75; } .mistakes { border-left: 4px solid #c33; padding-left: 1rem; }`;
