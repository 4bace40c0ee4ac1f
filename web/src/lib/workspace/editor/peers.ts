// Other people's cursors and selections in the editor, and telling them ours. Positions travel as
// Yjs relative positions, so they hold while others type.

import * as Y from 'yjs';
import type { Awareness } from 'y-protocols/awareness';
import { Annotation, type Extension, type Range } from '@codemirror/state';
import {
	Decoration,
	EditorView,
	ViewPlugin,
	WidgetType,
	type DecorationSet,
	type ViewUpdate,
} from '@codemirror/view';
import { colourOf } from '@containrlab/protocol/colour.ts';
import type { TicketUser } from '@containrlab/protocol/ticket.ts';
import { AwarenessEntry } from '../people.ts';

const peersChanged = Annotation.define<true>();

class PeerCaret extends WidgetType {
	readonly user: TicketUser;
	/** At a line's end there is room beside the caret; elsewhere the name goes above. */
	readonly atEnd: boolean;

	constructor(user: TicketUser, atEnd: boolean) {
		super();
		this.user = user;
		this.atEnd = atEnd;
	}

	override eq(other: PeerCaret): boolean {
		const { id, name, role } = other.user;
		return (
			id === this.user.id &&
			name === this.user.name &&
			role === this.user.role &&
			other.atEnd === this.atEnd
		);
	}

	toDOM(): HTMLElement {
		const { colour, ink } = colourOf(this.user);
		const caret = document.createElement('span');
		caret.className = this.atEnd ? 'cm-peer cm-peer-at-end' : 'cm-peer';
		caret.style.borderColor = colour;
		caret.setAttribute('aria-hidden', 'true');
		const name = document.createElement('span');
		name.className = 'cm-peer-name';
		name.style.background = colour;
		name.style.color = ink;
		name.textContent = this.user.name;
		// Word joiners keep a caret at a line's end from wrapping onto the next.
		caret.append('\u2060', name);
		return caret;
	}

	override ignoreEvent(): boolean {
		return true;
	}
}

class Peers {
	decorations: DecorationSet;
	readonly #view: EditorView;
	readonly #text: Y.Text;
	readonly #awareness: Awareness;

	constructor(view: EditorView, text: Y.Text, awareness: Awareness) {
		this.#view = view;
		this.#text = text;
		this.#awareness = awareness;
		this.decorations = this.#draw();
		awareness.on('change', this.#onChange);
	}

	destroy(): void {
		this.#awareness.off('change', this.#onChange);
	}

	update(update: ViewUpdate): void {
		if (update.selectionSet || update.docChanged || update.focusChanged) this.#tell();
		if (update.docChanged || update.transactions.some((tr) => tr.annotation(peersChanged))) {
			this.decorations = this.#draw();
		}
	}

	#onChange = (change: { added: number[]; updated: number[]; removed: number[] }): void => {
		const mine = this.#awareness.clientID;
		const ids = [...change.added, ...change.updated, ...change.removed];
		if (ids.some((id) => id !== mine)) {
			this.#view.dispatch({ annotations: peersChanged.of(true) });
		}
	};

	/** Our place, while the editor has the focus; where it was stays visible after. */
	#tell(): void {
		if (!this.#view.hasFocus) return;
		const { anchor, head } = this.#view.state.selection.main;
		const cursor = {
			anchor: Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(this.#text, anchor)),
			head: Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(this.#text, head)),
		};
		const before: unknown = this.#awareness.getLocalState()?.['cursor'];
		if (JSON.stringify(before) === JSON.stringify(cursor)) return;
		this.#awareness.setLocalStateField('cursor', cursor);
	}

	#draw(): DecorationSet {
		const ranges: Range<Decoration>[] = [];
		for (const [client, state] of this.#awareness.getStates()) {
			if (client === this.#awareness.clientID) continue;
			const parsed = AwarenessEntry.safeParse(state);
			if (!parsed.success || !parsed.data.cursor) continue;
			const anchor = this.#index(parsed.data.cursor.anchor);
			const head = this.#index(parsed.data.cursor.head);
			if (anchor === undefined || head === undefined) continue;
			const { user } = parsed.data;
			if (anchor !== head) {
				const style = `background-color: ${colourOf(user).colour}40`;
				const mark = Decoration.mark({ attributes: { style } });
				ranges.push(mark.range(Math.min(anchor, head), Math.max(anchor, head)));
			}
			const atEnd = this.#view.state.doc.lineAt(head).to === head;
			const widget = new PeerCaret(user, atEnd);
			ranges.push(Decoration.widget({ widget, side: head > anchor ? -1 : 1 }).range(head));
		}
		return Decoration.set(ranges, true);
	}

	/** Where a relative position is in this text; undefined when it is in another, or no position. */
	#index(json: unknown): number | undefined {
		try {
			const relative = Y.createRelativePositionFromJSON(json);
			const absolute = Y.createAbsolutePositionFromRelativePosition(relative, this.#text.doc!);
			if (!absolute || absolute.type !== this.#text) return undefined;
			return Math.min(absolute.index, this.#view.state.doc.length);
		} catch {
			return undefined;
		}
	}
}

export function peers(text: Y.Text, awareness: Awareness): Extension {
	return ViewPlugin.define((view) => new Peers(view, text, awareness), {
		decorations: (plugin) => plugin.decorations,
	});
}
