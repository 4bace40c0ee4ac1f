// A process that folds the history of one room, says how much that took away, and ends.

import { connect } from '@containrlab/db/connect.ts';
import { foldHistory } from '@containrlab/db/doc-history.ts';
import type { FoldTask } from './fold.ts';

process.once('message', (task: FoldTask) => void fold(task));
// Whoever asked is gone.
process.once('disconnect', () => process.exit(1));

async function fold({ url, room, kept }: FoldTask): Promise<void> {
	const { sql } = connect(url, { max: 1 });
	const bytes = await foldHistory(sql, room, kept);
	process.send?.({ bytes });
}
