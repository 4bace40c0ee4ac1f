// The parts of `npm run bench -- sandbox`, by the name that runs one alone.

import { measureClick } from './click.ts';
import { measureCold } from './cold.ts';
import { measureFlush } from './flush.ts';
import { measureIdle } from './idle.ts';
import { measureNeighbours } from './neighbours.ts';
import { measureProduct } from './product.ts';
import { measureTerminal } from './terminal.ts';
import { measureStorm } from './storm.ts';
import type { Part } from './world.ts';

export const PARTS: Record<string, Part> = {
	/** Create → `docker version`, beside two other ways to a daemon of one's own. */
	cold: measureCold,
	/** Click → prompt in a browser: from the pool, and back on a kept volume. */
	click: measureClick,
	/** Keystroke → file and file → editor: alone, and while twenty neighbours build. */
	flush: measureFlush,
	/** Memory and disk of sandboxes in which nothing was done yet. */
	idle: measureIdle,
	/** What somebody at work feels of a hog of each kind beside them. */
	neighbours: measureNeighbours,
	/** The whole product and the sandboxes of sixty students who do nothing. */
	product: measureProduct,
	/** Printing with forty watchers, a key's echo, a watcher that reads nothing. */
	terminal: measureTerminal,
	/** Forty students join and click within ten seconds. */
	storm: measureStorm,
};
