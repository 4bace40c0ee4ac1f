// The workspace's sandbox as this page knows it, and what can be asked of it.

import type { SandboxState } from '@containrlab/protocol/sandbox.ts';

export class Sandbox {
	state = $state.raw<SandboxState | null>(null);
	runnerDown = $state(false);
	/** A request is under way. */
	busy = $state(false);
	/** Why the last request did nothing, in words. */
	problem = $state<string>();
	readonly ready = $derived(this.state?.status === 'ready');

	readonly #url: string;

	constructor(workspace: string, state: SandboxState | null, runnerDown: boolean) {
		this.#url = `/w/${workspace}/sandbox`;
		this.state = state;
		this.runnerDown = runnerDown;
	}

	/** What a reload of the page's data says; an older state never replaces a newer one. */
	update(state: SandboxState | null, runnerDown: boolean): void {
		this.runnerDown = runnerDown;
		if (state && (!this.state || state.at >= this.state.at)) this.state = state;
	}

	happened(state: SandboxState): void {
		if (this.state && state.at < this.state.at) return;
		this.runnerDown = false;
		this.problem = undefined;
		this.state = state;
	}

	start(): Promise<void> {
		return this.#ask('POST', '', 'The sandbox can’t be started right now.');
	}

	extend(): Promise<void> {
		return this.#ask('POST', '/extend', 'The time couldn’t be extended.');
	}

	async #ask(method: string, path: string, failure: string): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		this.problem = undefined;
		try {
			const response = await fetch(this.#url + path, { method });
			if (!response.ok) this.problem = failure;
		} catch {
			this.problem = `${failure} The server doesn’t answer.`;
		} finally {
			this.busy = false;
		}
	}
}
