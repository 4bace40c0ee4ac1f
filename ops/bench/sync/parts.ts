// The parts of `npm run bench -- sync`, by the name that runs one alone.

import type { Row } from '../report.ts';
import { measureBurst } from './burst.ts';
import { measureHostile, measureStalled } from './hostile.ts';
import { measureIdle } from './idle.ts';
import { measureJoin, measureRestart } from './join.ts';
import { measureKills } from './kills.ts';
import { measureFanout, measureMany } from './typing.ts';
import type { World } from './world.ts';

export const PARTS: Record<string, (world: World) => Promise<Row[]>> = {
	/** One document, 200 clients, ten of them typing. */
	fanout: measureFanout,
	/** 200 documents, two clients each. */
	many: measureMany,
	/** 50,000 edits from one client to twenty, 256 in flight. */
	burst: measureBurst,
	/** Coming into a document of 260,000 operations, alone and forty at once. */
	join: measureJoin,
	/** … as the first after the server started again, from its store. */
	restart: measureRestart,
	/** One who reads nothing while 200 MB go by. */
	stalled: measureStalled,
	/** What no honest client sends, while others type. */
	hostile: measureHostile,
	/** kill -9, 300 times or `--kills=<n>`, under typing. */
	kills: measureKills,
	/** 5,000 connections in 1,000 rooms that say nothing. */
	idle: measureIdle,
};
