// Hints, completion and hover for Dockerfiles, from the language service that other editors use; runs
// in a worker and asks nobody: its own look-up of tags on a registry is never reached.

import { DockerfileParser } from 'dockerfile-ast';
import { DockerfileLanguageServiceFactory } from 'dockerfile-language-service';
import { DiagnosticSeverity, type CompletionItem } from 'vscode-languageserver-types';
import { teach } from './dockerfile-rules.ts';
import { brief, MOST_HINTS, offsets, type Hint } from './hint.ts';

const service = DockerfileLanguageServiceFactory.createLanguageService();
service.setCapabilities({
	completion: { completionItem: { snippetSupport: true, documentationFormat: ['plaintext'] } },
	hover: { contentFormat: ['plaintext'] },
});

export type Proposal = {
	label: string;
	/** With `${1:fields}` to fill in when `snippet`. */
	insert: string;
	snippet: boolean;
	documentation: string;
	from: number;
	to: number;
};

const SEVERITY = {
	[DiagnosticSeverity.Error]: 'error',
	[DiagnosticSeverity.Warning]: 'warning',
	[DiagnosticSeverity.Information]: 'info',
	[DiagnosticSeverity.Hint]: 'info',
} as const;

export function lintDockerfile(text: string): Hint[] {
	const dockerfile = DockerfileParser.parse(text);
	// Not begun: whoever opens it for the first time did nothing wrong.
	if (dockerfile.getInstructions().length === 0) return [];
	const offset = offsets(text);
	const hints: Hint[] = [];
	const found = [
		...service.validate(text).map(({ range, message, severity }) => ({
			...{ range, message, severity: SEVERITY[severity ?? DiagnosticSeverity.Error] },
		})),
		...teach(dockerfile),
	];
	for (const { range, message, severity } of found.slice(0, MOST_HINTS)) {
		const from = offset(range.start.line, range.start.character);
		const to = offset(range.end.line, range.end.character);
		hints.push({ from, to: Math.max(from, to), severity, message: brief(message) });
	}
	return hints.sort((a, b) => a.from - b.from);
}

/** `images` are those that this lab has; `line` and `character` from 0. */
export async function completeDockerfile(
	text: string,
	line: number,
	character: number,
	images: readonly string[],
): Promise<Proposal[]> {
	const offset = offsets(text);
	const at = offset(line, character);
	const before = text.slice(offset(line, 0), at);
	const base = /^\s*FROM\s+(?:--\S+\s+)*(\S*)$/i.exec(before)?.[1];
	if (base !== undefined) return basesFor(text.slice(0, at), images, at - base.length, at);
	// Beyond the image's name a FROM has little to offer, and the service would ask a registry.
	if (/^\s*FROM\s/i.test(before) && !/\s--\S*$/.test(before)) return [];
	const items = await service.computeCompletionItems(text, { line, character });
	return items.flatMap((item) => proposalOf(item, offset));
}

function basesFor(before: string, images: readonly string[], from: number, to: number): Proposal[] {
	const stages = DockerfileParser.parse(before)
		.getFROMs()
		.flatMap((instruction) => instruction.getBuildStage() ?? []);
	const proposal = (label: string, documentation: string): Proposal => ({
		...{ label, insert: label, snippet: false, documentation, from, to },
	});
	return [
		...images.map((image) => proposal(image, 'An image of this lab.')),
		...stages.map((stage) => proposal(stage, 'A stage of this Dockerfile.')),
		proposal('scratch', 'Nothing at all: for programs that need no system around them.'),
	];
}

function proposalOf(
	item: CompletionItem,
	offset: (line: number, character: number) => number,
): Proposal[] {
	const edit = item.textEdit;
	if (!edit || !('range' in edit)) return [];
	const { start, end } = edit.range;
	const { documentation } = service.resolveCompletionItem(item);
	return [
		{
			label: item.label,
			insert: edit.newText,
			snippet: item.insertTextFormat === 2,
			documentation: plain(
				typeof documentation === 'string' ? documentation : documentation?.value,
			),
			from: offset(start.line, start.character),
			to: offset(end.line, end.character),
		},
	];
}

/** What the service calls plain text still has its quotes of code in it. */
const plain = (text = ''): string => text.replaceAll('`', '');

/** Plain text, or undefined where there is nothing to say. */
export function hoverDockerfile(text: string, line: number, character: number): string | undefined {
	const hover = service.computeHover(text, { line, character });
	if (!hover) return undefined;
	const { contents } = hover;
	return typeof contents === 'object' && 'value' in contents ? plain(contents.value) : undefined;
}

export const methods = {
	lint: lintDockerfile,
	complete: completeDockerfile,
	hover: hoverDockerfile,
};
