// Gathers a run's log into pieces, so that a chatty build is a few events a second, not thousands.

import type { JudgePhase } from '@containrlab/protocol/verdict.ts';

export interface LogPiece {
	phase: JudgePhase;
	text: string;
}

const PIECE_CHARACTERS = 16 * 1024;
const PIECE_MS = 200;

export class LogPieces {
	/** All pieces so far; a piece's index is its number. */
	readonly pieces: LogPiece[] = [];
	readonly #onPiece: (piece: LogPiece, seq: number) => void;
	#open: LogPiece | undefined;
	#timer: NodeJS.Timeout | undefined;

	constructor(onPiece: (piece: LogPiece, seq: number) => void) {
		this.#onPiece = onPiece;
	}

	add(phase: JudgePhase, text: string): void {
		if (this.#open && this.#open.phase !== phase) this.flush();
		this.#open ??= { phase, text: '' };
		this.#open.text += text;
		if (this.#open.text.length >= PIECE_CHARACTERS) this.flush();
		else this.#timer ??= setTimeout(() => this.flush(), PIECE_MS);
	}

	flush(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const piece = this.#open;
		this.#open = undefined;
		if (!piece) return;
		this.pieces.push(piece);
		this.#onPiece(piece, this.pieces.length - 1);
	}
}
