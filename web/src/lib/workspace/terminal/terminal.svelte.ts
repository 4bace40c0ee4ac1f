// One shared terminal: who drives and who watches, and the screen that shows it.

import type { TerminalMessage, TerminalRequest } from '@containrlab/protocol/terminal.ts';
import type { Person } from '@containrlab/protocol/events.ts';
import type { LocalAddress } from '../local-address.ts';
import type { Size, TerminalScreen } from './screen.ts';
import { TerminalSocket, type TerminalLink } from './socket.ts';

type Hooks = {
	notice: (text: string) => void;
	/** All terminals of the workspace, as runnerd has them. */
	listed: (names: readonly string[]) => void;
	opened: (name: string) => void;
	/** It wasn't closed, as these run in it. */
	busy: (name: string, programs: readonly string[]) => void;
	/** A link to what the sandbox itself serves was followed. */
	onLocal: (address: LocalAddress) => void;
};

export class SharedTerminal {
	link = $state.raw<TerminalLink>({ kind: 'waiting' });
	driver = $state.raw<Person | null>(null);
	watchers = $state.raw<readonly Person[]>([]);
	asking = $state.raw<readonly Person[]>([]);
	driving = $state(false);
	tabLeaves = $state(false);
	searching = $state(false);
	/** The last command's output as text, while it is being read. */
	reading = $state<string | null>(null);

	readonly name: string;
	readonly #socket: TerminalSocket;
	readonly #hooks: Hooks;
	#screen: TerminalScreen | undefined;
	#size: Size = { cols: 80, rows: 24 };
	#screenReader = false;
	/** A sandbox is ready, as far as this browser was told. */
	#wanted = false;

	constructor(workspace: string, terminal: string, hooks: Hooks) {
		this.name = terminal;
		this.#hooks = hooks;
		this.#socket = new TerminalSocket(`/terminal/${workspace}/${terminal}`, {
			link: (link) => this.#linked(link),
			message: (message) => this.#message(message),
			output: (bytes, done) => this.#screen?.write(bytes, done),
		});
	}

	/** Shows the terminal in `host`, after `first`; the returned function takes screen and socket down. */
	async mount(host: HTMLElement, first: Promise<void>): Promise<() => void> {
		await first;
		const { TerminalScreen } = await import('./screen.ts');
		// xterm measures its letters once: the font must be there by then.
		await document.fonts.load('13px "JetBrains Mono Variable"').catch(() => []);
		if (!host.isConnected) return () => {};
		const screen = new TerminalScreen(host, {
			onInput: (bytes) => this.#input(bytes),
			onToggleTab: () => this.#toggleTab(),
			onSearch: () => (this.searching = true),
			onReadOutput: () => this.readOutput(),
			onLocal: (address) => this.#hooks.onLocal(address),
			onCopied: (copied) => {
				if (!copied) this.#hooks.notice('Copying isn’t permitted here: select, then use the menu.');
			},
		});
		this.#screen = screen;
		screen.typing = false;
		screen.screenReader = this.#screenReader;
		screen.fill();
		const observer = new ResizeObserver(() => this.#layout());
		observer.observe(host);
		const leaving = new AbortController();
		const { signal } = leaving;
		const woken = () => !document.hidden && this.#socket.wake();
		addEventListener('online', woken, { signal });
		document.addEventListener('visibilitychange', woken, { signal });
		this.#connect();
		return () => {
			observer.disconnect();
			leaving.abort();
			this.#hangUp();
			screen.destroy();
			this.#screen = undefined;
		};
	}

	/** The sandbox became ready, or went. */
	setReady(ready: boolean): void {
		if (ready === this.#wanted) return;
		this.#wanted = ready;
		if (ready) this.#connect();
		else {
			this.#hangUp();
			this.link = { kind: 'waiting' };
		}
	}

	/** Asks again after a refusal, which may hold no longer. */
	reconnect(): void {
		if (this.link.kind === 'closed') this.#connect();
	}

	restyle(): void {
		this.#screen?.restyle();
		this.#layout();
	}

	focus(): void {
		this.#screen?.focus();
	}

	/** The screen as text for a screen reader, and builds that print lines instead of redrawing. */
	set screenReader(on: boolean) {
		if (on === this.#screenReader) return;
		this.#screenReader = on;
		if (this.#screen) this.#screen.screenReader = on;
		if (this.driving) this.#send({ type: 'plain', on });
	}

	readOutput(): void {
		this.reading = this.#screen?.lastOutput() ?? '';
	}

	find(text: string, direction: 'next' | 'previous'): boolean {
		return this.#screen?.find(text, direction) ?? false;
	}

	endSearch(): void {
		this.searching = false;
		this.#screen?.endSearch();
	}

	askControl(): void {
		this.#send({ type: 'ask-control' });
	}

	grantControl(to: string): void {
		this.#send({ type: 'grant-control', to });
	}

	takeBack(): void {
		this.#send({ type: 'take-back' });
	}

	get focused(): boolean {
		return this.#screen?.focused ?? false;
	}

	openAnother(): void {
		this.#send({ type: 'open-terminal' });
	}

	closeTerminal(terminal: string, sure: boolean): void {
		this.#send({ type: 'close-terminal', terminal, sure });
	}

	#toggleTab(): void {
		this.tabLeaves = !this.tabLeaves;
		if (this.#screen) this.#screen.tabLeaves = this.tabLeaves;
	}

	#input(bytes: Uint8Array): void {
		if (this.driving) this.#socket.type(bytes);
	}

	#send(request: TerminalRequest): void {
		this.#socket.send(request);
	}

	/** Our frame changed: a driver's terminal fills it and tells; a watcher's keeps the driver's size. */
	#layout(): void {
		// One that isn't in front has no size.
		if (!this.#screen?.visible) return;
		if (!this.driving) {
			if (this.link.kind === 'open') this.#screen.follow(this.#size);
			else this.#screen.fill();
			return;
		}
		const size = this.#screen.fill();
		if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
		this.#size = size;
		this.#send({ type: 'resize', ...size });
	}

	#connect(): void {
		if (this.#wanted && this.#screen) this.#socket.connect();
	}

	#linked(link: TerminalLink): void {
		this.link = link;
		if (link.kind !== 'open') this.#quiet();
	}

	#message(message: TerminalMessage): void {
		switch (message.type) {
			case 'snapshot':
				this.#size = { cols: message.cols, rows: message.rows };
				this.#screen?.replay(message.data, this.#size, () => this.#layout());
				return;
			case 'state':
				return this.#state(message);
			case 'refused':
				if (message.code === 'not-driver')
					this.#hooks.notice('You are watching. Ask for control to type.');
				if (message.code === 'not-allowed')
					this.#hooks.notice('In this terminal you can only watch.');
				if (message.code === 'too-many')
					this.#hooks.notice('There are eight terminals already. Close one first.');
				if (message.code === 'input-full')
					this.#hooks.notice(
						'The program here reads nothing, so not all that you typed or pasted was taken. Press Ctrl-C, or close this terminal.',
					);
				if (message.code === 'not-ready')
					this.#hooks.notice('The sandbox doesn’t answer just now. Try again in a moment.');
				return;
			case 'opened':
				return this.#hooks.opened(message.terminal);
			case 'busy':
				return this.#hooks.busy(message.terminal, message.programs);
			case 'ended':
				return this.#hooks.listed(message.terminals);
			case 'pong':
				return;
			case 'restarted':
				this.#hooks.notice('The shell ended. A new one is running in the same terminal.');
		}
	}

	#state(state: Extract<TerminalMessage, { type: 'state' }>): void {
		this.driver = state.driver;
		this.watchers = state.watchers;
		this.asking = state.asking;
		this.#size = { cols: state.cols, rows: state.rows };
		this.#hooks.listed(state.terminals);
		const began = state.driving && !this.driving;
		this.driving = state.driving;
		// The sandbox keeps what it was told last, perhaps by another browser.
		if (began && this.#screenReader) this.#send({ type: 'plain', on: true });
		if (!this.#screen) return;
		this.#screen.typing = state.driving;
		// Two browsers of one driver: the one typed into last gives the size, the other follows.
		if (began) this.#layout();
		else if (this.#screen.visible) this.#screen.follow(this.#size);
		else this.#screen.resize(this.#size);
	}

	#hangUp(): void {
		this.#socket.hangUp();
		this.#quiet();
	}

	#quiet(): void {
		this.driving = false;
		this.watchers = [];
		this.asking = [];
		if (this.#screen) this.#screen.typing = false;
	}
}
