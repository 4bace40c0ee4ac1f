// The JSON schema of a lab's front matter, for the completion and the hovers of an author's editor.
// `npm run lab -- schema` writes it beside this file.

import { z } from 'zod';
import { LabFrontMatter } from '@containrlab/protocol/lab.ts';

export const SCHEMA_FILE = new URL('lab.schema.json', import.meta.url).pathname;

/** As an author writes it: what has a default may be left out. */
export function labSchema(): string {
	const schema = z.toJSONSchema(LabFrontMatter, { io: 'input', unrepresentable: 'any' });
	const named = { $schema: schema.$schema, title: "The front matter of a lab's lab.md", ...schema };
	return `${JSON.stringify(named, null, '\t')}\n`;
}
