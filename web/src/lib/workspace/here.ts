// Tells the server which file is in front of the owner, for the class's live list: what changed, and
// not for every tab that one only passes.

export class Here {
	readonly #tell: (file: string | null) => Promise<void>;
	readonly #everyMs: number;
	/** What is to be told next; undefined when all is. */
	#file: string | null | undefined;
	#told: string | null | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(tell: (file: string | null) => Promise<void>, everyMs = 2_000) {
		this.#tell = tell;
		this.#everyMs = everyMs;
	}

	show(file: string | null): void {
		this.#file = file;
		// The first at once, later ones when there has been a pause.
		if (this.#timer === undefined) void this.#send();
	}

	/** The server may have forgotten: it restarted, or we were away. */
	again(): void {
		this.#told = undefined;
		if (this.#file !== undefined) this.show(this.#file);
	}

	stop(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	async #send(): Promise<void> {
		const file = this.#file;
		if (file === undefined || file === this.#told) return;
		this.#told = file;
		this.#timer = setTimeout(() => {
			this.#timer = undefined;
			void this.#send();
		}, this.#everyMs);
		// The list is no worse for one that got lost: the next is told again.
		await this.#tell(file).catch(() => (this.#told = undefined));
	}
}

export const tellServer =
	(workspace: string) =>
	async (file: string | null): Promise<void> => {
		const response = await fetch(`/w/${workspace}/here`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ file }),
		});
		if (!response.ok) throw new Error(`told in vain: ${response.status}`);
	};
