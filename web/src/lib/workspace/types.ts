// What the server hands to the workspace page.

import type { SandboxState } from '@containrlab/protocol/sandbox.ts';
import type { BrowserEvent, Hand, Person } from '@containrlab/protocol/events.ts';
import type { Me } from '#lib/people/Leave.svelte';
import type { AttemptVerdict } from '@containrlab/protocol/verdict.ts';

export type AttemptEvent = Extract<BrowserEvent, { type: 'attempt' }>;
export type AttemptStatus = AttemptEvent['status'];
export type AttemptPhase = AttemptEvent['phases'][number];

export type Attempt = {
	id: string;
	number: number;
	status: AttemptStatus;
	createdAt: Date | string;
	phases: AttemptPhase[];
	verdict: AttemptVerdict | null;
	durationMs: number | null;
	imageBytes: number | null;
	/** `document`: the sandbox couldn't be asked, so what only it held is missing. */
	source: 'drained' | 'document';
	left: { path: string; reason: string }[];
	/** Staff decided otherwise than the judge. */
	override: { status: 'passed' | 'failed'; reason: string; by: Person; at: string } | null;
	/** It had a verdict before, and staff asked for another run. */
	again: boolean;
};

export type LabView = {
	slug: string;
	title: string;
	summary: string;
	minutes: number;
	goals: string[];
	hints: string[];
	/** The path that opens first. */
	open: string | null | undefined;
	images: string[];
	/** The lab's text, sanitised by the server. */
	html: string;
	checks: { id: string; title: string; points: number; bonus: boolean }[];
};

export type WorkspaceData = {
	me: Me;
	access: 'write' | 'read';
	isOwner: boolean;
	isStaff: boolean;
	class: { id: string; name: string };
	lab: LabView;
	workspace: { id: string; owner: Person };
	room: string;
	sandbox: SandboxState | null;
	/** runnerd can't be reached, so nothing is known about the sandbox. */
	runnerDown?: boolean | undefined;
	attempts: Attempt[];
	/** Null while it is down. */
	hand: Hand | null;
	lastEventId: number;
};
