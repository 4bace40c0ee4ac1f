// What a ready workspace has beside its sandbox: the agent's client, the file flush and the
// terminals, brought up and taken down together.

import type { Duplex } from 'node:stream';
import type { Person } from '@containrlab/protocol/events.ts';

export type WorkspaceFacts = {
	workspace: string;
	room: string;
	/** Lets the flush into the room; its user authors what the shell changes. */
	ticket: string;
	/** Who may type in the terminals. */
	driver: Person;
};

export type HostContext = {
	facts: WorkspaceFacts;
	openAgent(): Promise<Duplex>;
	/** Someone worked: the idle limit starts anew. */
	touch(): void;
};

/** What the lifecycle needs of a host; the API sees more of it. */
export interface HostLifecycle {
	/** Resolves when the document's files are in /workspace. */
	start(signal: AbortSignal): Promise<void>;
	update(facts: WorkspaceFacts): void;
	/** `flush`: what the sandbox holds is still brought home, within a bound. */
	close(options: { flush: boolean }): Promise<void>;
}
