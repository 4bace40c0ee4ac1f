// kill -9 of sync, of Postgres, of both, while people type and delete: what is lost, and what doubled.

import { killUnderTyping, Services } from '@containrlab/sync/kills-testing.ts';
import { progress } from '../parts.ts';
import type { Row } from '../report.ts';

const KILLS = 300;
/** Each with a Postgres of its own. */
const AT_ONCE = 3;

/** `--kills=<n>`: fewer, or more, than the table's. */
function wanted(): number {
	const word = process.argv.find((each) => each.startsWith('--kills='));
	return word ? Number(word.slice('--kills='.length)) : KILLS;
}

export async function measureKills(): Promise<Row[]> {
	const kills = wanted();
	const found = { kills: 0, lost: 0, doubled: 0 };
	const each = Math.ceil(kills / AT_ONCE);
	await Promise.all(
		Array.from({ length: AT_ONCE }, async () => {
			await using services = await Services.start();
			await killUnderTyping(services, each, ({ lost, doubled }) => {
				found.kills += 1;
				found.lost += lost.length;
				found.doubled += doubled.length;
				if (found.kills % 30 === 0) progress(`${found.kills} kills, ${found.lost} edits lost`);
			});
		}),
	);
	const name = `${found.kills} × kill -9 of sync, Postgres, both`;
	return [
		{ name: `${name}: edits lost`, value: found.lost, unit: 'edits', target: 0 },
		{ name: `${name}: edits doubled`, value: found.doubled, unit: 'edits', target: 0 },
	];
}
