// Submissions of a workspace: sending one, following it, and what was said about the earlier ones.

import { toast } from 'svelte-sonner';
import { z } from 'zod';
import type { Attempt, AttemptEvent } from './types.ts';
import type { WorkspaceDocument } from './document.svelte.ts';

export type Submitting = { kind: 'idle' } | { kind: 'saving' } | { kind: 'sending' };

/** How long the page waits for *Saved* before it says that it can't submit. */
const SAVE_WITHIN_MS = 15_000;

export const isFinished = (attempt: Pick<Attempt, 'status'>): boolean =>
	attempt.status !== 'queued' && attempt.status !== 'running';

export class Attempts {
	/** Newest first. */
	all = $state.raw<readonly Attempt[]>([]);
	submitting = $state.raw<Submitting>({ kind: 'idle' });
	problem = $state<string>();
	readonly latest = $derived(this.all[0]);
	/** Submissions without a verdict, the oldest first: one runs, and the newest may wait behind it. */
	readonly open = $derived(
		this.all.filter((attempt) => !isFinished(attempt) && !attempt.again).toReversed(),
	);

	readonly #workspace: string;
	readonly #document: WorkspaceDocument;
	/** Loads the page's data again: verdicts come with it. */
	readonly #reload: () => Promise<void>;

	constructor(
		workspace: string,
		document: WorkspaceDocument,
		all: readonly Attempt[],
		reload: () => Promise<void>,
	) {
		this.#workspace = workspace;
		this.#document = document;
		this.#reload = reload;
		this.update(all);
	}

	update(all: readonly Attempt[]): void {
		this.all = [...all].sort((a, b) => b.number - a.number);
	}

	async submit(): Promise<void> {
		if (this.submitting.kind !== 'idle') return;
		this.problem = undefined;
		this.submitting = { kind: 'saving' };
		try {
			await this.#document.whenSaved(AbortSignal.timeout(SAVE_WITHIN_MS));
		} catch {
			this.submitting = { kind: 'idle' };
			this.problem =
				'Your last changes aren’t saved yet, so nothing was submitted. Try again once it says Saved.';
			return;
		}
		this.submitting = { kind: 'sending' };
		try {
			const response = await fetch(`/w/${this.#workspace}/submit`, { method: 'POST' });
			if (response.ok) await this.#submitted(response);
			else this.problem = await words(response);
		} catch {
			this.problem = 'The server doesn’t answer. Your work is safe; try again in a moment.';
		} finally {
			this.submitting = { kind: 'idle' };
		}
	}

	/** The very same work isn't judged twice at once: that is said, or the click seems lost. */
	async #submitted(response: Response): Promise<void> {
		const { number, created } = Submitted.parse(await response.json());
		if (!created) toast(`Nothing has changed since attempt ${number}, which is in the queue.`);
		await this.#reload();
	}

	/** Nobody waits for this one any more. */
	async cancel(attempt: string): Promise<void> {
		this.problem = undefined;
		try {
			const response = await fetch(`/attempts/${attempt}/cancel`, { method: 'POST' });
			if (!response.ok) this.problem = await words(response);
			await this.#reload();
		} catch {
			this.problem = 'The server doesn’t answer. Try again in a moment.';
		}
	}

	async happened(event: AttemptEvent): Promise<void> {
		const known = this.all.find((attempt) => attempt.id === event.attempt);
		if (event.again) tellAgain(event, known);
		if (known && !isFinished(event)) {
			this.all = this.all.map((attempt) =>
				attempt.id === event.attempt
					? {
							...{ ...attempt, status: event.status, phases: event.phases },
							again: event.again ?? false,
						}
					: attempt,
			);
		} else {
			// A new one, or a verdict.
			await this.#reload();
		}
	}
}

/** Said once when it begins and once when it ends. */
function tellAgain(event: AttemptEvent, known: Attempt | undefined): void {
	if (event.status === 'queued' && (!known || isFinished(known))) {
		toast(`Attempt ${event.number} is being judged again.`);
	} else if (isFinished(event)) {
		const words = {
			...{ passed: 'passed', failed: 'failed', error: 'could not be judged' },
			withdrawn: 'withdrawn',
		};
		const result = words[event.status as keyof typeof words];
		toast(`Attempt ${event.number} was judged again: ${result}.`, { duration: 10_000 });
	}
}

const Submitted = z.object({ number: z.number(), created: z.boolean() });

/** What the server says to a refusal, as its error pages do. */
const Refusal = z.object({ message: z.string(), advice: z.string().optional() });

async function words(response: Response): Promise<string> {
	const refusal = Refusal.safeParse(await response.json().catch(() => undefined));
	return refusal.success
		? [refusal.data.message, refusal.data.advice].filter(Boolean).join(' ')
		: 'The submission didn’t go through. Your work is safe; try again in a moment.';
}
