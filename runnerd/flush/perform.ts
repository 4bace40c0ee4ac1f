// Carries out a plan, first what comes from the disk. A refusal is about one path: it is told, and the
// rest goes on; what couldn't be written is tried again when something about it has changed, or later.

import { absorb } from './absorb.ts';
import { AgentRefused } from './agent-files.ts';
import { apply } from './apply.ts';
import type { Absorb, Apply, Plan } from './reconcile.ts';
import type { FlushState } from './state.ts';
import type { Warnings } from './warnings.ts';

/** What couldn't be written is tried again after this long (ms). */
const BLOCKED_MS = 5000;
const AT_ONCE = 16;

export interface PerformerOptions {
	state: FlushState;
	warnings: Warnings;
	/** A path is worth another look. */
	hint(path: string): void;
	/** Another plan is to be made after `ms`; `before` comes right before it. */
	later(ms: number, before: () => void): void;
	log(message: string, detail?: Record<string, unknown>): void;
}

export class Performer {
	readonly #is: PerformerOptions;
	readonly #blocked = new Map<string, { signature: string; at: number }>();

	constructor(options: PerformerOptions) {
		this.#is = options;
	}

	/** Whether there was anything to do: then there may be more. */
	async perform(plan: Plan): Promise<boolean> {
		const take = (action: Absorb) => this.#try(action, () => absorb(this.#is.state, action));
		for (const action of plan.absorb.filter((one) => one.do !== 'create')) await take(action);
		await inParts(
			plan.absorb.filter((one) => one.do === 'create'),
			take,
		);
		if (plan.absorb.length > 0) return true;
		const todo = plan.apply.filter((action) => !this.#isBlocked(action));
		for (const action of todo.filter((one) => one.do !== 'write')) await this.#apply(action);
		// One write of a file at a time: a plan has one for each.
		await inParts(
			todo.filter((one) => one.do === 'write'),
			(one) => this.#apply(one),
		);
		return todo.length > 0;
	}

	/** What was refused is tried again at once. */
	unblock(): void {
		this.#blocked.clear();
	}

	async #apply(action: Apply): Promise<void> {
		const signature = this.#signature(action);
		const outcome = await this.#try(action, () => apply(this.#is.state, action));
		if (outcome === 'done' || outcome === 'raced') return;
		const blocked = { signature, at: performance.now() };
		this.#blocked.set(keyOf(action), blocked);
		// Timers may be a moment early: this one itself says that the time is over.
		if (outcome !== 'absent') this.#is.later(BLOCKED_MS, () => (blocked.at = -BLOCKED_MS));
	}

	async #try<T>(action: { do: string }, act: () => Promise<T>): Promise<T | 'raced' | 'refused'> {
		const { state, warnings, hint, log } = this.#is;
		try {
			return await act();
		} catch (error) {
			if (!(error instanceof AgentRefused)) throw error;
			const path = 'path' in action && typeof action.path === 'string' ? action.path : '';
			if (path !== '') hint(path);
			if (error.code === 'not-found') return 'refused';
			if (error.code === 'exists') {
				// Somebody was quicker: with what is there now, the next plan is another.
				if ('to' in action) hint(String(action.to));
				return 'raced';
			}
			if (action.do === 'remove' && error.code === 'not-empty') {
				// What is never synced is still in it: it stays.
				if ('id' in action) state.base.delete(String(action.id));
				return 'refused';
			}
			log('the agent refused', { do: action.do, code: error.code });
			warnings.tell(error.code === 'no-space' ? 'no-space' : 'blocked', path);
			return 'refused';
		}
	}

	#isBlocked(action: Apply): boolean {
		const blocked = this.#blocked.get(keyOf(action));
		if (!blocked) return false;
		const waits = performance.now() - blocked.at < BLOCKED_MS;
		if (waits && blocked.signature === this.#signature(action)) return true;
		this.#blocked.delete(keyOf(action));
		return false;
	}

	/** All that the outcome may depend on. */
	#signature(action: Apply): string {
		const { view, base, disk } = this.#is.state;
		const file = view.file(action.id);
		const seen = 'path' in action ? disk.get(action.path) : undefined;
		const text = file?.text?.toString().length;
		const agreed = base.get(action.id);
		return JSON.stringify([action, file?.path, file?.mode, file?.sha, text, agreed, seen]);
	}
}

const keyOf = (action: Apply): string => `${action.do} ${action.id}`;

async function inParts<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<void> {
	for (let at = 0; at < all.length; at += AT_ONCE) {
		await Promise.all(all.slice(at, at + AT_ONCE).map(act));
	}
}
