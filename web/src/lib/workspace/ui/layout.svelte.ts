// Which panes are open, and the keys that move between them.

import type { Pane } from 'paneforge';
import type { Workspace } from '../workspace.svelte.ts';

type Collapsible = ReturnType<typeof Pane>;
type Side = 'left' | 'bottom' | 'right';

/** What the list under `?` shows, in its order. */
export const SHORTCUTS = [
	{ keys: 'Alt+1', does: 'Go to the guide' },
	{ keys: 'Alt+2', does: 'Go to the files' },
	{ keys: 'Alt+3', does: 'Go to the editor' },
	{ keys: 'Alt+4', does: 'Go to the terminal' },
	{ keys: 'Alt+5', does: 'Go to the verdict' },
	{ keys: 'Alt+V', does: 'Go to the preview of your app' },
	{ keys: 'Alt+6', does: 'Show or hide the editor’s hints' },
	{ keys: 'Alt+7', does: 'Show or hide guide and files' },
	{ keys: 'Alt+8', does: 'Show or hide the terminal' },
	{ keys: 'Alt+9', does: 'Show or hide verdict and preview' },
	{ keys: 'Alt+0', does: 'Terminal on the full screen, and back' },
	{ keys: 'Ctrl+Shift+Enter', does: 'Submit' },
	{ keys: 'Alt+PageDown', does: 'Next tab; in the terminal, next terminal' },
	{ keys: 'Alt+PageUp', does: 'Previous tab or terminal' },
	{ keys: 'Alt+W', does: 'Close the tab' },
	{ keys: 'Ctrl+P', does: 'Open a file by a few letters of its name' },
	{ keys: 'Ctrl+F', does: 'Search in the editor' },
	{ keys: 'Ctrl+Shift+F', does: 'Find in all files; in the terminal, search in the terminal' },
	{ keys: 'Ctrl+Space', does: 'Suggestions in a Dockerfile; Tab takes the first' },
	{ keys: 'F8', does: 'Next hint in the editor' },
	{ keys: 'Shift+Alt+F', does: 'Format JSON or YAML' },
	{ keys: 'Alt+Z', does: 'Wrap long lines, or don’t' },
	{ keys: 'Alt+Shift+N', does: 'Another terminal' },
	{ keys: 'Alt+Shift+W', does: 'Close the terminal in front' },
	{ keys: 'Ctrl+Shift+C', does: 'Copy from the terminal' },
	{ keys: 'Ctrl+Shift+V', does: 'Paste into the terminal' },
	{ keys: 'Ctrl+M', does: 'Tab moves on instead of typing, in editor and terminal' },
	{ keys: 'F2', does: 'Rename the file under the cursor in the tree' },
	{ keys: '?', does: 'This list (F1 while typing)' },
] as const;

/** CSS pixels: narrower windows begin with fewer panes, and don't have their sizes remembered. */
export const NARROW = 960;
const PHONE = 720;

/** Where there is room for one of guide, editor and verdict at a time. */
export const onPhone = (): boolean => typeof innerWidth === 'number' && innerWidth < PHONE;

export class Layout {
	left = $state<Collapsible>();
	bottom = $state<Collapsible>();
	right = $state<Collapsible>();
	leftOpen = $state(true);
	bottomOpen = $state(true);
	rightOpen = $state(true);
	fullTerminal = $state(false);
	quickOpen = $state(false);

	/** On a narrow window the verdict is a key away; on a phone one reads, and the guide comes first. */
	adapt(): void {
		if (innerWidth < NARROW) this.right?.collapse();
		if (onPhone()) this.#expand('left');
	}

	toggle(side: Side): void {
		if (this[side]?.isCollapsed()) this.#expand(side);
		else this[side]?.collapse();
	}

	#expand(side: Side): void {
		if (onPhone() && side !== 'bottom') {
			this[side === 'left' ? 'right' : 'left']?.collapse();
			this[side]?.expand();
			this[side]?.resize(100);
		} else this[side]?.expand();
	}

	/** Shows a part of the lab's text. */
	part(anchor: string): void {
		this.#focus('left', () => {
			focusOn('guide');
			document.getElementById(`part-${anchor}`)?.scrollIntoView();
		});
	}

	/** Opens the search in all files, for what is selected in the editor if anything is. */
	find(workspace: Workspace): void {
		const selected = workspace.tabs.selectedText();
		if (selected !== '') workspace.find.text = selected;
		workspace.dock = 'find';
		void workspace.find.now();
		this.#focus(undefined, () => {
			focusOn('find');
			document.querySelector<HTMLInputElement>('[data-focus="find"]')?.select();
		});
	}

	/** Shows the editor's hints, or hides them. */
	problems(workspace: Workspace): void {
		if (workspace.dock === 'problems') {
			workspace.dock = undefined;
			return workspace.tabs.focus();
		}
		workspace.dock = 'problems';
		this.#focus(undefined, () => focusOn('problems'));
	}

	/** True when the key was one of ours. */
	key(event: KeyboardEvent, workspace: Workspace): boolean {
		const control = event.ctrlKey || event.metaKey;
		if (control && event.shiftKey && event.key === 'Enter') {
			if (workspace.data.isOwner) void workspace.attempts.submit();
			return true;
		}
		if (control && event.shiftKey && event.key.toLowerCase() === 'f') {
			if (inTerminal(event.target)) {
				this.#focus('bottom', () => (workspace.terminal.searching = true));
			} else this.find(workspace);
			return true;
		}
		// The browser's own would print the page.
		if (control && !event.shiftKey && event.key.toLowerCase() === 'p') {
			this.quickOpen = true;
			return true;
		}
		// The browser's own dialog would save the page; the document saves itself.
		if (control && !event.shiftKey && event.key.toLowerCase() === 's') return true;
		if (event.altKey && event.shiftKey && !control && event.code === 'KeyF') {
			if (workspace.writable) void workspace.format();
			return true;
		}
		if (event.altKey && event.shiftKey && !control && workspace.data.isOwner) {
			const { terminals } = workspace;
			if (event.code === 'KeyN') this.#focus('bottom', () => terminals.open());
			else if (event.code !== 'KeyW') return false;
			else if (terminals.names.length > 1) terminals.close(terminals.front.name);
			return true;
		}
		if (!event.altKey || control || event.shiftKey) return false;
		const step = { PageDown: 1, PageUp: -1 }[event.code] as 1 | -1 | undefined;
		if (step && inTerminal(event.target)) {
			workspace.terminals.step(step);
			return true;
		}
		const act = this.#acts(workspace)[event.code];
		act?.();
		return act !== undefined;
	}

	#acts(workspace: Workspace): Record<string, () => void> {
		return {
			Digit1: () => this.#focus('left', () => focusOn('guide')),
			Digit2: () => this.#focus('left', () => focusOn('tree')),
			Digit3: () => this.#focus(undefined, () => workspace.tabs.focus()),
			Digit4: () => this.#focus('bottom', () => workspace.terminal.focus()),
			Digit5: () => this.#side(workspace, 'verdict'),
			KeyV: () => this.#side(workspace, 'preview'),
			Digit6: () => this.problems(workspace),
			Digit7: () => this.toggle('left'),
			Digit8: () => this.toggle('bottom'),
			Digit9: () => this.toggle('right'),
			Digit0: () => {
				this.fullTerminal = !this.fullTerminal;
				requestAnimationFrame(() => workspace.terminal.focus());
			},
			PageDown: () => workspace.tabs.step(1),
			PageUp: () => workspace.tabs.step(-1),
			KeyZ: () => workspace.tabs.toggleWrap(),
			KeyW: () => workspace.tabs.active !== null && workspace.tabs.close(workspace.tabs.active),
		};
	}

	#side(workspace: Workspace, side: Workspace['side']): void {
		workspace.side = side;
		this.#focus('right', () => focusOn(side));
	}

	#focus(side: Side | undefined, focus: () => void): void {
		if (side !== 'bottom') this.fullTerminal = false;
		if (side && this[side]?.isCollapsed()) this.#expand(side);
		requestAnimationFrame(focus);
	}
}

function focusOn(part: string): void {
	document.querySelector<HTMLElement>(`[data-focus="${part}"]`)?.focus();
}

const inTerminal = (target: EventTarget | null): boolean =>
	target instanceof Element && target.closest('section[aria-label="Terminal"]') !== null;
