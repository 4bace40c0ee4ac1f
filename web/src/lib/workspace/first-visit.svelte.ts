// The four short steps that greet who opens a workspace for the first time in this browser.

import { tick } from 'svelte';

const KEY = 'containrlab-welcomed';

export const STEPS = [
	{
		part: 'guide',
		title: 'Read what to do',
		text: 'The guide tells the task, and below it what will be checked. Hints come one at a time.',
		keys: 'Alt+1',
	},
	{
		part: 'editor',
		title: 'Write it here',
		text: 'Your files are saved as you type, and your teacher may type with you. There is no Save button.',
		keys: 'Alt+3',
	},
	{
		part: 'terminal',
		title: 'Try it out',
		text: 'A real shell with a Docker of your own. Build and run what you like: nothing can break that a restart doesn’t mend.',
		keys: 'Alt+4',
	},
	{
		part: 'verdict',
		title: 'Submit, as often as you want',
		text: 'Each attempt is built and run anew, and you are told what is wrong and where. Stuck? Raise your hand at the top.',
		keys: 'Ctrl+Shift+Enter',
	},
] as const;

export class FirstVisit {
	/** Which step shows; null when there is nothing to show. */
	at = $state<number | null>(null);
	readonly step = $derived(this.at === null ? undefined : STEPS[this.at]);

	/** Call once in the browser. */
	load(): void {
		try {
			if (localStorage.getItem(KEY) === null) this.at = 0;
		} catch {
			// Where nothing can be remembered it would greet at each visit.
		}
	}

	again(): void {
		this.at = 0;
		void tick().then(() => document.querySelector<HTMLElement>('[data-focus="welcome"]')?.focus());
	}

	next(): void {
		if (this.at === null) return;
		if (this.at + 1 < STEPS.length) this.at += 1;
		else this.end();
	}

	back(): void {
		if (this.at) this.at -= 1;
	}

	end(): void {
		this.at = null;
		try {
			localStorage.setItem(KEY, new Date().toISOString());
		} catch {
			// As above.
		}
	}
}
