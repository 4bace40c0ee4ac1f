// What a part of the sandbox benchmark is handed, and what it gives back.

import type Docker from 'dockerode';
import type { Images } from '../../images.ts';
import type { Row } from '../report.ts';

export interface World {
	/** The engine on which the product's sandboxes live. */
	docker: Docker;
	images: Images;
}

/** Leaves nothing behind on the engine, whatever happens; rows that compare measure both sides. */
export type Part = (world: World) => Promise<Row[]>;
