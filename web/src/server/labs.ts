// The labs that can be taught, and what pages show of them.

import { readCatalog } from '@containrlab/labs/catalog.ts';
import { inPhases, viewOf } from '@containrlab/protocol/checks/declaration.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import type { Log } from './log.ts';
import { renderMarkdown } from './markdown.ts';

export type LabView = {
	slug: string;
	title: string;
	summary: string;
	minutes: number;
	goals: string[];
	hints: string[];
	/** The file that opens first. */
	open: string | undefined;
	images: string[];
	/** Sanitised. */
	html: string;
	checks: { id: string; title: string; points: number; bonus: boolean }[];
};

export class Labs {
	readonly #bySlug: Map<string, Lab>;
	readonly #views = new Map<string, LabView>();

	private constructor(labs: readonly Lab[]) {
		this.#bySlug = new Map(labs.map((lab) => [lab.slug, lab]));
	}

	/** A lab that can't be read is reported, and missing; the others are there. */
	static async read(dir: string, log: Log): Promise<Labs> {
		const { labs, problems } = await readCatalog(dir);
		for (const problem of problems) log('warn', 'a lab has a problem', { ...problem });
		return new Labs(labs);
	}

	get(slug: string): Lab | undefined {
		return this.#bySlug.get(slug);
	}

	/** In the catalog's order. */
	all(): Lab[] {
		return [...this.#bySlug.values()];
	}

	/** Its title, or its name when it is no longer in the catalog. */
	title(slug: string): string {
		return this.#bySlug.get(slug)?.front.title ?? slug;
	}

	/** For the page; `lab` may be an older version than the catalog's. */
	view(lab: Lab): LabView {
		const known = this.#views.get(lab.digest);
		if (known && this.#bySlug.get(lab.slug) === lab) return known;
		const { title, summary, minutes, goals, hints, open, images, checks } = lab.front;
		const html = renderMarkdown(lab.text);
		const shown = inPhases(checks).map((check) => {
			const { id, title, points, bonus } = viewOf(check);
			return { id, title, points, bonus };
		});
		const view = {
			...{ slug: lab.slug, title, summary, minutes, goals, hints },
			...{ open, images, html, checks: shown },
		};
		if (this.#bySlug.get(lab.slug) === lab) this.#views.set(lab.digest, view);
		return view;
	}
}
