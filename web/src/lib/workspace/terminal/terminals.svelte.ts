// The workspace's terminals as this page shows them: which there are, which is in front. The list is
// runnerd's; a terminal is connected when it is first looked at, and stays so while it exists.

import { toast } from 'svelte-sonner';
import { TERMINALS_MAX } from '@containrlab/protocol/terminal.ts';
import type { LocalAddress } from '../local-address.ts';
import { SharedTerminal } from './terminal.svelte.ts';

const FIRST = '1';

export class Terminals {
	names = $state.raw<readonly string[]>([FIRST]);
	/** Those that were looked at. */
	shown = $state.raw<readonly SharedTerminal[]>([]);
	/** One that is about to be closed, with what runs in it. */
	closing = $state<{ name: string; programs: readonly string[] }>();
	#front = $state(FIRST);
	#ready = false;
	/** Closed from here, so it needn't be told. */
	#asked = new Set<string>();
	readonly #workspace: string;
	readonly #onLocal: (address: LocalAddress) => void;

	/** `onLocal`: a link to what the sandbox itself serves was followed. */
	constructor(workspace: string, onLocal: (address: LocalAddress) => void) {
		this.#workspace = workspace;
		this.#onLocal = onLocal;
		this.show(FIRST);
	}

	get front(): SharedTerminal {
		return this.shown.find((terminal) => terminal.name === this.#front) ?? this.shown[0]!;
	}

	get full(): boolean {
		return this.names.length >= TERMINALS_MAX;
	}

	show(name: string): void {
		this.#front = name;
		if (this.shown.some((terminal) => terminal.name === name)) return;
		const terminal = new SharedTerminal(this.#workspace, name, {
			notice: (text) => void toast(text),
			listed: (names) => this.#listed(names),
			opened: (opened) => this.enter(opened),
			onLocal: this.#onLocal,
			busy: (closing, programs) => {
				this.#asked.delete(closing);
				this.closing = { name: closing, programs };
			},
		});
		terminal.setReady(this.#ready);
		this.shown = [...this.shown, terminal];
	}

	/** Shows it, and what is typed goes there. */
	enter(name: string): void {
		this.show(name);
		requestAnimationFrame(() => this.front.focus());
	}

	step(by: 1 | -1): void {
		const { names } = this;
		const at = names.indexOf(this.front.name) + by + names.length;
		this.enter(names[at % names.length] ?? FIRST);
	}

	open(): void {
		this.front.openAnother();
	}

	/** `sure`: also if programs run in it; else that is asked. */
	close(name: string, sure = false): void {
		this.closing = undefined;
		this.#asked.add(name);
		this.front.closeTerminal(name, sure);
	}

	setReady(ready: boolean): void {
		this.#ready = ready;
		for (const terminal of this.shown) terminal.setReady(ready);
	}

	reconnect(): void {
		for (const terminal of this.shown) terminal.reconnect();
	}

	restyle(): void {
		for (const terminal of this.shown) terminal.restyle();
	}

	set screenReader(on: boolean) {
		for (const terminal of this.shown) terminal.screenReader = on;
	}

	#listed(names: readonly string[]): void {
		if (names.length === 0 || names.join() === this.names.join()) return;
		const gone = this.names.filter((name) => !names.includes(name));
		const at = this.names.indexOf(this.front.name);
		this.names = names;
		if (!names.includes(this.front.name)) {
			const focused = this.front.focused;
			const next = names[Math.min(Math.max(at, 0), names.length - 1)] ?? FIRST;
			if (focused) this.enter(next);
			else this.show(next);
		}
		this.shown = this.shown.filter((terminal) => names.includes(terminal.name));
		for (const name of gone) {
			if (!this.#asked.delete(name)) toast(`Terminal ${name} was closed.`);
		}
	}
}
