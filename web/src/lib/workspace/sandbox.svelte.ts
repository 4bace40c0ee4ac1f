// The workspace's sandbox as this page knows it, and what can be asked of it.

import { z } from 'zod';
import { SandboxState } from '@containrlab/protocol/sandbox.ts';

/** What the sandbox endpoints answer, and the page's data too. */
const View = z.object({ sandbox: SandboxState.nullable(), runnerDown: z.boolean() });

export class Sandbox {
	state = $state.raw<SandboxState | null>(null);
	runnerDown = $state(false);
	/** A request is under way. */
	busy = $state(false);
	/** This page has asked for a sandbox; until then an owner's is about to be. */
	asked = $state(false);
	/** Why the last request did nothing, in words. */
	problem = $state<string>();
	readonly ready = $derived(this.state?.status === 'ready');

	/** When the start that is under way began; phases come with times of their own. */
	startedAt = $state<number>();

	readonly #url: string;

	constructor(workspace: string, state: SandboxState | null, runnerDown: boolean) {
		this.#url = `/w/${workspace}/sandbox`;
		this.#set(state);
		this.runnerDown = runnerDown;
	}

	/** What a reload of the page's data says; an older state never replaces a newer one. */
	update(state: SandboxState | null, runnerDown: boolean): void {
		this.runnerDown = runnerDown;
		if (!state) {
			if (!runnerDown) this.#set(null);
		} else if (!this.state || state.at >= this.state.at) {
			this.#set(state);
		}
	}

	happened(state: SandboxState): void {
		if (this.state && state.at < this.state.at) return;
		this.runnerDown = false;
		this.problem = undefined;
		this.#set(state);
	}

	start(): Promise<void> {
		this.asked = true;
		return this.#ask('POST', '', 'The sandbox can’t be started right now.');
	}

	extend(): Promise<void> {
		return this.#ask('POST', '/extend', 'The time couldn’t be extended.');
	}

	/** Gives up waiting for one. */
	giveUp(): Promise<void> {
		return this.#ask('DELETE', '', 'Your place in the line can’t be given up right now.');
	}

	restart(): Promise<void> {
		return this.#ask('POST', '/restart', 'The sandbox can’t be restarted right now.');
	}

	#set(state: SandboxState | null): void {
		if (state?.status !== 'starting') this.startedAt = undefined;
		else this.startedAt ??= state.at;
		this.state = state;
	}

	async #ask(method: string, path: string, failure: string): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		this.problem = undefined;
		try {
			const response = await fetch(this.#url + path, { method });
			const view = View.safeParse(await response.json().catch(() => undefined));
			if (view.success) this.update(view.data.sandbox, view.data.runnerDown);
			if (!response.ok && !this.runnerDown) this.problem = failure;
		} catch {
			this.problem = `${failure} The server doesn’t answer.`;
		} finally {
			this.busy = false;
		}
	}
}
