// Who of a class is here and at what, kept up to date by events: each student an object of their own,
// so that what happens to one redraws one row.

import type { BrowserEvent, Hand, Presence } from '@containrlab/protocol/events.ts';
import type { BadgeState } from '#lib/ui/Badge.svelte';

export type ListedWork = {
	id: string;
	labSlug: string;
	ownerId: string;
	activeAt: Date | string;
	attempt: { id: string; number: number; status: BadgeState } | null;
};

export type LiveData = {
	students: readonly { id: string; name: string; studentNumber: string | null }[];
	work: readonly ListedWork[];
	/** Hands that are up, by workspace. */
	hands: readonly (readonly [string, Hand])[];
	presence: readonly Presence[];
};

/** One student's work on one lab. */
export class Work {
	readonly id: string;
	readonly lab: string;
	activeAt = $state(0);
	attempt = $state.raw<ListedWork['attempt']>(null);
	here = $state(false);
	file = $state<string | null>(null);
	hand = $state.raw<Hand>();

	constructor(id: string, lab: string) {
		this.id = id;
		this.lab = lab;
	}
}

export class Student {
	readonly id: string;
	name = $state('');
	number = $state<string | null>(null);
	work = $state.raw<readonly Work[]>([]);
	readonly here = $derived(this.work.some((work) => work.here));
	readonly #newestFirst = $derived(this.work.toSorted((a, b) => b.activeAt - a.activeAt));
	/** Where the hand is up; else where they are; else where they last were. */
	readonly current = $derived(
		this.#newestFirst.find((work) => work.hand) ??
			this.#newestFirst.find((work) => work.here) ??
			this.#newestFirst[0],
	);
	readonly hand = $derived(this.current?.hand);

	constructor(id: string) {
		this.id = id;
	}
}

export class LiveList {
	students = $state.raw<readonly Student[]>([]);
	filter = $state('');
	readonly here = $derived(this.students.filter((student) => student.here).length);
	readonly hands = $derived(this.students.filter((student) => student.hand).length);
	/** Hands first, the one that waits longest at the top; then who is here; each group by name. */
	readonly #ordered = $derived(this.students.toSorted(inOrder));
	readonly shown = $derived(this.#ordered.filter((student) => matches(student, this.filter)));

	readonly #class: string;
	/** Something happened that only the server can tell: the data is loaded again. */
	readonly #reload: () => void;
	readonly #work = new Map<string, { work: Work; owner: string }>();

	constructor(classId: string, data: LiveData, reload: () => void) {
		this.#class = classId;
		this.#reload = reload;
		this.update(data);
	}

	/** As the server sees it now; who is known stays the same object. */
	update(data: LiveData): void {
		const known = new Map(this.students.map((student) => [student.id, student]));
		const hands = new Map(data.hands);
		const present = new Map(data.presence.map((each) => [each.workspace, each]));
		for (const row of data.work) {
			const work = this.#of(row.id, row.labSlug, row.ownerId);
			work.activeAt = Math.max(work.activeAt, new Date(row.activeAt).getTime());
			work.attempt = row.attempt;
			work.hand = hands.get(row.id);
			const presence = present.get(row.id);
			if (presence) place(work, presence);
			else work.here = false;
		}
		const there = new Set(data.work.map((row) => row.id));
		for (const id of this.#work.keys()) if (!there.has(id)) this.#work.delete(id);
		this.students = data.students.map((row) => {
			const student = known.get(row.id) ?? new Student(row.id);
			student.name = row.name;
			student.number = row.studentNumber;
			return student;
		});
		for (const student of this.students) this.#giveWork(student);
	}

	saw(presence: Presence): void {
		if (presence.class !== this.#class) return;
		const isNew = !this.#work.has(presence.workspace);
		place(this.#of(presence.workspace, presence.lab, presence.owner), presence);
		if (!isNew) return;
		const student = this.students.find(({ id }) => id === presence.owner);
		if (student) this.#giveWork(student);
	}

	heard(event: BrowserEvent): void {
		if (event.type === 'members' || event.type === 'class') {
			if (event.class === this.#class) this.#reload();
		} else if (event.type === 'hand') {
			const known = this.#work.get(event.workspace);
			if (known) known.work.hand = event.hand ?? undefined;
			// It may be of another class; then nothing comes of it.
			else if (event.hand) this.#reload();
		} else if (event.type === 'attempt') this.#attempted(event);
	}

	#attempted(event: Extract<BrowserEvent, { type: 'attempt' }>): void {
		const work = this.#work.get(event.workspace)?.work;
		// An earlier one may be judged again; the last one is what counts here.
		if (!work || event.number < (work.attempt?.number ?? 0)) return;
		work.attempt = { id: event.attempt, number: event.number, status: event.status };
	}

	#of(id: string, lab: string, owner: string): Work {
		const known = this.#work.get(id);
		if (known) return known.work;
		const work = new Work(id, lab);
		this.#work.set(id, { work, owner });
		return work;
	}

	#giveWork(student: Student): void {
		const theirs = [...this.#work.values()].filter(({ owner }) => owner === student.id);
		const same =
			theirs.length === student.work.length &&
			theirs.every(({ work }, index) => work === student.work[index]);
		if (!same) student.work = theirs.map(({ work }) => work);
	}
}

function place(work: Work, presence: Presence): void {
	work.here = presence.here;
	work.file = presence.file;
	work.activeAt = Math.max(work.activeAt, presence.activeAt ?? 0);
}

function inOrder(a: Student, b: Student): number {
	if (a.hand || b.hand) {
		const raised = (student: Student) => student.hand?.raisedAt ?? Infinity;
		const difference = raised(a) - raised(b);
		if (difference !== 0) return difference;
	}
	if (a.here !== b.here) return a.here ? -1 : 1;
	return a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);
}

function matches(student: Student, filter: string): boolean {
	const words = filter.trim().toLowerCase();
	return words === '' || `${student.name} ${student.number ?? ''}`.toLowerCase().includes(words);
}
