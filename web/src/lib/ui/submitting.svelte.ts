// A form on its way to the server: its button can say so, and what was typed stays in it.

import type { SubmitFunction } from '$app/forms';

export class Submitting {
	/** While no answer is there. */
	now = $state(false);

	/** For `use:enhance`. */
	readonly keep: SubmitFunction = () => {
		this.now = true;
		return async ({ update }) => {
			await update({ reset: false });
			this.now = false;
		};
	};
}
