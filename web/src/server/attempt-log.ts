// The log of a run as a page shows it: by phase, and of what is long the end, where the failure is.

/** Of each phase: what can be read, and drawn by a slow machine. */
const SHOWN = { characters: 256 * 1024, lines: 2_000 };

export type LogPart = { phase: string; text: string; cut: boolean };
type Piece = { phase: string; text: string };

export function logParts(pieces: readonly Piece[]): LogPart[] {
	const phases = new Map<string, string>();
	for (const { phase, text } of pieces) phases.set(phase, (phases.get(phase) ?? '') + text);
	return [...phases].map(([phase, whole]) => {
		const text = end(whole);
		return { phase, text, cut: text.length < whole.length };
	});
}

function end(text: string): string {
	let from = Math.max(0, text.length - SHOWN.characters);
	let lines = 0;
	for (let at = text.length - 1; at > from; at -= 1) {
		if (text.charCodeAt(at) !== 10 || at === text.length - 1) continue;
		lines += 1;
		if (lines === SHOWN.lines) from = at + 1;
	}
	return text.slice(from);
}

/** All of it, as a file. */
export const logText = (pieces: readonly Piece[]): string => {
	let phase = '';
	return pieces
		.map((piece) => {
			const head = piece.phase === phase ? '' : `${phase && '\n'}── ${piece.phase} ──\n`;
			phase = piece.phase;
			return head + piece.text;
		})
		.join('');
};
