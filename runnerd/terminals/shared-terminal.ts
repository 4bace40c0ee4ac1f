// One terminal with everyone at it: one screen, one who types, the others watch.

import type { Person } from '@containrlab/protocol/events.ts';
import type { TerminalMessage, TerminalRequest } from '@containrlab/protocol/terminal.ts';
import type { AgentLog } from '../agent/client.ts';
import { Control, type ControlRefusal, type Participant } from './control.ts';
import { Feed } from './feed.ts';
import type { Outlet } from './outlet.ts';
import { WindowSize, type Size } from './window-size.ts';

/** One browser's connection; a person may have several. */
export interface Viewer extends Participant {
	readonly outlet: Outlet;
	/** Whether to read what it sends. */
	read(on: boolean): void;
}

export interface TerminalCallbacks {
	/** Someone who may type did. */
	onActivity(): void;
	onState(terminal: string, driver: Person | null, watchers: Person[]): void;
}

export class SharedTerminal {
	readonly name: string;
	readonly feed: Feed;
	#control: Control;
	#size = new WindowSize<Viewer>((viewer) => this.#control.mayType(viewer));
	/** Each with whether it was told already that it may not type. */
	#viewers = new Map<Viewer, { refused: boolean }>();
	#callbacks: TerminalCallbacks;
	#told = '';

	constructor(name: string, owner: Person, callbacks: TerminalCallbacks, log: AgentLog) {
		this.name = name;
		this.#control = new Control(owner);
		this.#callbacks = callbacks;
		const everyone = (act: (outlet: Outlet) => void) => {
			for (const { outlet } of this.#viewers.keys()) act(outlet);
		};
		this.feed = new Feed(
			name,
			{
				output: (data) => everyone((outlet) => outlet.output(data)),
				jumped: () => this.#viewers.forEach((_, viewer) => this.#show(viewer)),
				resized: () => this.#tellState(),
				restarted: () => everyone((outlet) => outlet.message({ type: 'restarted' })),
			},
			log,
		);
		this.feed.input.onDrained = () => this.#viewers.forEach((_, viewer) => viewer.read(true));
	}

	/** The viewer gets the screen as soon as it stands still, then all that follows. */
	join(viewer: Viewer): void {
		this.#viewers.set(viewer, { refused: false });
		this.#control.join(viewer);
		this.refresh(viewer);
		this.#tellState();
	}

	leave(viewer: Viewer): void {
		if (!this.#viewers.delete(viewer)) return;
		this.#control.leave(viewer);
		this.#resize(this.#size.left(viewer));
		this.#tellState();
	}

	/** A fresh snapshot, between two pieces of output. */
	refresh(viewer: Viewer): void {
		this.feed.whenStill(() => {
			if (this.#viewers.has(viewer)) this.#show(viewer);
		});
	}

	type(viewer: Viewer, data: Buffer): void {
		if (!this.#mayType(viewer)) return;
		this.#callbacks.onActivity();
		this.#resize(this.#size.typed(viewer, data));
		this.feed.input.type(data);
		if (this.feed.input.full) viewer.read(false);
	}

	handle(viewer: Viewer, request: TerminalRequest): void {
		switch (request.type) {
			case 'ack':
				viewer.outlet.ack(request.bytes);
				return;
			case 'resize':
				if (this.#mayType(viewer)) this.#resized(viewer, request);
				return;
			case 'plain':
				if (this.#mayType(viewer)) this.feed.plain(request.on);
				return;
			case 'ask-control':
				this.#changed(viewer, this.#control.ask(viewer));
				return;
			case 'grant-control':
				this.#changed(viewer, this.#control.grant(viewer, request.to));
				return;
			case 'take-back':
				this.#changed(viewer, this.#control.takeBack(viewer));
		}
	}

	#resized(viewer: Viewer, { cols, rows }: Size): void {
		const size = this.#size.resized(viewer, { cols, rows });
		if (size) this.#resize(size);
		// It took its own size already: it follows again.
		else viewer.outlet.message(this.#stateFor(viewer));
	}

	#resize(size: Size | undefined): void {
		if (size) this.feed.resize(size.cols, size.rows);
	}

	/** Answers no more than once to each who types without the keyboard, until they have it. */
	#mayType(viewer: Viewer): boolean {
		const known = this.#viewers.get(viewer);
		if (!known) return false;
		const may = this.#control.mayType(viewer);
		if (!may && !known.refused) viewer.outlet.message({ type: 'refused', code: 'not-driver' });
		known.refused = !may;
		return may;
	}

	#changed(viewer: Viewer, refusal: ControlRefusal | undefined): void {
		if (refusal) viewer.outlet.message({ type: 'refused', code: refusal });
		else this.#tellState();
	}

	#show(viewer: Viewer): void {
		const { tail, ...snapshot } = this.feed.screen.snapshot();
		viewer.outlet.restart([{ type: 'snapshot', ...snapshot }, this.#stateFor(viewer)], tail);
	}

	/** To everyone, when something about who, or how large, has changed. */
	#tellState(): void {
		const state = this.#control.state();
		const { cols, rows } = this.feed.screen;
		const now = JSON.stringify([state, cols, rows]);
		if (now === this.#told) return;
		this.#told = now;
		for (const viewer of this.#viewers.keys()) viewer.outlet.message(this.#stateFor(viewer));
		this.#callbacks.onState(this.name, state.driver, state.watchers);
	}

	#stateFor(viewer: Viewer): TerminalMessage {
		const { cols, rows } = this.feed.screen;
		const driving = this.#control.mayType(viewer);
		return { type: 'state', ...this.#control.state(), driving, cols, rows };
	}
}
