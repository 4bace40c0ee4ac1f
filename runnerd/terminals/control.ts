// Who may type in one terminal: the owner, until they hand the keyboard to someone. No I/O.

import type { Person } from '@containrlab/protocol/events.ts';

export interface Participant {
	readonly person: Person;
	/** From the ticket; `read` never types, whatever was granted. */
	readonly access: 'write' | 'read';
}

export type ControlRefusal = 'not-driver' | 'not-allowed';

export class Control {
	#owner: Person;
	/** Set while someone else than the owner drives. */
	#guest: string | undefined;
	#asking = new Set<string>();
	#present = new Set<Participant>();

	constructor(owner: Person) {
		this.#owner = owner;
	}

	join(participant: Participant): void {
		this.#present.add(participant);
	}

	/** Who leaves stops asking; when a guest's last connection goes, the owner drives again. */
	leave(participant: Participant): void {
		this.#present.delete(participant);
		const { id } = participant.person;
		if (this.#writersOf(id)) return;
		this.#asking.delete(id);
		if (this.#guest === id) this.#guest = undefined;
	}

	mayType({ person, access }: Participant): boolean {
		return access === 'write' && person.id === this.#driver;
	}

	ask({ person, access }: Participant): ControlRefusal | undefined {
		if (access !== 'write') return 'not-allowed';
		if (person.id !== this.#driver) this.#asking.add(person.id);
		return undefined;
	}

	/** By the owner or the driver, to someone who is there and may type at all. */
	grant(by: Participant, to: string): ControlRefusal | undefined {
		if (!this.mayType(by) && !this.#isOwner(by)) return 'not-driver';
		if (to !== this.#owner.id && !this.#writersOf(to)) return 'not-allowed';
		this.#guest = to === this.#owner.id ? undefined : to;
		this.#asking.delete(to);
		return undefined;
	}

	takeBack(by: Participant): ControlRefusal | undefined {
		if (!this.#isOwner(by)) return 'not-allowed';
		this.#guest = undefined;
		return undefined;
	}

	/** What everyone is told. The driver is null while their connection is missing. */
	state(): { driver: Person | null; watchers: Person[]; asking: Person[] } {
		const people = new Map<string, Person>();
		for (const { person } of this.#present) people.set(person.id, person);
		const driver = people.get(this.#driver) ?? null;
		people.delete(this.#driver);
		const watchers = [...people.values()];
		return { driver, watchers, asking: watchers.filter(({ id }) => this.#asking.has(id)) };
	}

	get #driver(): string {
		return this.#guest ?? this.#owner.id;
	}

	#isOwner({ person, access }: Participant): boolean {
		return access === 'write' && person.id === this.#owner.id;
	}

	#writersOf(id: string): boolean {
		for (const one of this.#present) {
			if (one.person.id === id && one.access === 'write') return true;
		}
		return false;
	}
}
