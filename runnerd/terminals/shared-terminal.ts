// One terminal with everyone at it: one screen, one who types, the others watch.

import type { Person } from '@containrlab/protocol/events.ts';
import {
	TERMINAL_REPORT,
	type TerminalMessage,
	type TerminalRequest,
} from '@containrlab/protocol/terminal.ts';
import type { AgentLog } from '../agent/client.ts';
import { Control, type ControlRefusal, type Participant } from './control.ts';
import { Feed } from './feed.ts';
import { FloodGauge } from './flood.ts';
import type { Outlet } from './outlet.ts';
import { Recorder, type RecordingPart } from './recorder.ts';
import { WindowSize, type Size } from './window-size.ts';

/** One browser's connection; a person may have several. */
export interface Viewer extends Participant {
	readonly outlet: Outlet;
	/** Whether to read what it sends. */
	read(on: boolean): void;
	/** The terminal is no more; there are these. */
	end(terminals: string[]): void;
}

/** What changes the list of terminals, not one of them. */
export type ListRequest = Extract<TerminalRequest, { type: 'open-terminal' | 'close-terminal' }>;

export interface TerminalCallbacks {
	/** Someone who may type did. */
	onActivity(): void;
	onState(terminal: string, driver: Person | null, watchers: Person[]): void;
	/** It prints more than anyone can read. */
	onFlood(terminal: string): void;
	/** For review; false when nobody takes it just now. */
	onRecorded(part: RecordingPart): boolean;
}

/** The list that a terminal is in. */
export interface TerminalList {
	readonly names: string[];
	asked(viewer: Viewer, request: ListRequest): void;
}

export class SharedTerminal {
	readonly name: string;
	readonly feed: Feed;
	#control: Control;
	#size = new WindowSize<Viewer>((viewer) => this.#control.mayType(viewer));
	/** Each with whether it was told already that it may not type. */
	#viewers = new Map<Viewer, { refused: boolean }>();
	#callbacks: TerminalCallbacks;
	#list: TerminalList;
	#recorder: Recorder;
	#flood = new FloodGauge();
	#told = '';
	/** What is typed is dropped, and its typer was told. */
	#dropping = false;

	constructor(
		name: string,
		{ owner, log, ...callbacks }: TerminalCallbacks & { owner: Person; log: AgentLog },
		list: TerminalList,
	) {
		this.name = name;
		this.#control = new Control(owner);
		this.#callbacks = callbacks;
		this.#list = list;
		const everyone = (act: (outlet: Outlet) => void) => {
			for (const { outlet } of this.#viewers.keys()) act(outlet);
		};
		this.feed = new Feed(
			name,
			{
				output: (data) => {
					everyone((outlet) => outlet.output(data));
					if (this.feed.live) this.#recorder.output(data);
					if (this.#flood.over(data.length)) this.#callbacks.onFlood(this.name);
				},
				jumped: () => {
					this.#recorder.end();
					this.#viewers.forEach((_, viewer) => this.#show(viewer));
				},
				resized: () => {
					this.#recorder.resized();
					this.tellState();
				},
				restarted: () => everyone((outlet) => outlet.message({ type: 'restarted' })),
			},
			log,
		);
		this.#recorder = new Recorder(this.feed, (part) => callbacks.onRecorded(part));
		this.feed.input.onDrained = () => this.#viewers.forEach((_, viewer) => viewer.read(true));
	}

	/** The viewer gets the screen as soon as it stands still, then all that follows. */
	join(viewer: Viewer): void {
		this.#viewers.set(viewer, { refused: false });
		this.#control.join(viewer);
		this.refresh(viewer);
		this.tellState();
	}

	leave(viewer: Viewer): void {
		if (!this.#viewers.delete(viewer)) return;
		this.#control.leave(viewer);
		this.#resize(this.#size.left(viewer));
		this.tellState();
	}

	/** Its shell was ended, for good. */
	end(): void {
		for (const viewer of this.#viewers.keys()) viewer.end(this.#list.names);
		this.dispose();
	}

	/** The shell stays, held by the agent. */
	dispose(): void {
		this.#recorder.end();
		this.feed.dispose();
	}

	/** A fresh snapshot, between two pieces of output. */
	refresh(viewer: Viewer): void {
		this.feed.whenStill(() => {
			if (this.#viewers.has(viewer)) this.#show(viewer);
		});
	}

	type(viewer: Viewer, data: Buffer): void {
		if (!this.#mayType(viewer)) return;
		if (TERMINAL_REPORT.test(data.toString('latin1'))) {
			// Nobody's work, and wanted once.
			if (this.#size.answers(viewer)) this.feed.input.type(data);
			return;
		}
		this.#callbacks.onActivity();
		this.#resize(this.#size.typed(viewer, data));
		this.#take(viewer, data);
		if (this.feed.input.full) viewer.read(false);
	}

	/** Says once that nothing is taken any more, until something is. */
	#take(viewer: Viewer, data: Buffer): void {
		const taken = this.feed.input.type(data);
		if (!taken && !this.#dropping) viewer.outlet.answer({ type: 'refused', code: 'input-full' });
		this.#dropping = !taken;
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
			case 'ping':
				viewer.outlet.answer({ type: 'pong' });
				return;
			case 'ask-control':
				this.#changed(viewer, this.#control.ask(viewer));
				return;
			case 'grant-control':
				this.#changed(viewer, this.#control.grant(viewer, request.to));
				return;
			case 'take-back':
				this.#changed(viewer, this.#control.takeBack(viewer));
				return;
			case 'open-terminal':
			case 'close-terminal':
				this.#list.asked(viewer, request);
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
		if (!may && !known.refused) viewer.outlet.answer({ type: 'refused', code: 'not-driver' });
		known.refused = !may;
		return may;
	}

	#changed(viewer: Viewer, refusal: ControlRefusal | undefined): void {
		if (refusal) viewer.outlet.answer({ type: 'refused', code: refusal });
		else this.tellState();
	}

	#show(viewer: Viewer): void {
		const { encoded, tail } = this.feed.screen.snapshot();
		viewer.outlet.restart(encoded, this.#stateFor(viewer), tail);
	}

	/** To everyone, when something about who, or how large, has changed. */
	tellState(): void {
		const state = this.#control.state();
		const { cols, rows } = this.feed.screen;
		const now = JSON.stringify([state, cols, rows, this.#list.names]);
		if (now === this.#told) return;
		this.#told = now;
		this.#recorder.driver(state.driver?.name);
		for (const viewer of this.#viewers.keys()) viewer.outlet.message(this.#stateFor(viewer));
		this.#callbacks.onState(this.name, state.driver, state.watchers);
	}

	#stateFor(viewer: Viewer): TerminalMessage {
		const { cols, rows } = this.feed.screen;
		const driving = this.#control.mayType(viewer);
		const terminals = this.#list.names;
		return { type: 'state', ...this.#control.state(), driving, terminals, cols, rows };
	}
}
