// Log pieces: few, in order, nothing lost.

import { expect, test, vi } from 'vitest';
import { LogPieces } from './log.ts';

test('small writes become one piece, a new phase begins another', () => {
	vi.useFakeTimers();
	try {
		const seen: string[] = [];
		const log = new LogPieces(({ phase, text }, seq) => seen.push(`${seq} ${phase} ${text}`));
		log.add('build', 'a');
		log.add('build', 'b');
		expect(seen).toEqual([]);
		vi.advanceTimersByTime(1000);
		expect(seen).toEqual(['0 build ab']);
		log.add('build', 'c');
		log.add('run', 'd');
		log.flush();
		expect(seen).toEqual(['0 build ab', '1 build c', '2 run d']);
		log.add('run', 'x'.repeat(40_000));
		expect(log.pieces).toHaveLength(4);
	} finally {
		vi.useRealTimers();
	}
});
