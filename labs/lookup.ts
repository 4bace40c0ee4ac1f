// Finds a lab by its slug and digest, reading the catalog again when it isn't known.

import type { Lab } from '@containrlab/protocol/lab.ts';
import { readCatalog } from './catalog.ts';

export class LabLookup {
	readonly #dir: string;
	#labs: readonly Lab[] = [];

	constructor(dir: string) {
		this.#dir = dir;
	}

	/** A lab may have been changed on disk since it was last read. */
	async find(slug: string, digest: string): Promise<Lab | undefined> {
		const known = () => this.#labs.find((lab) => lab.slug === slug && lab.digest === digest);
		if (!known()) this.#labs = (await readCatalog(this.#dir)).labs;
		return known();
	}
}
