// What this browser remembers about how its user likes to see things; theme itself is mode-watcher's.

const KEY = 'containrlab-projector';

class Preferences {
	/** Everything 1.3 times larger, for the back row. */
	projector = $state(false);

	/** Call once in the browser: `before-paint.js` has already applied it. */
	load(): void {
		this.projector = document.documentElement.classList.contains('projector');
	}

	toggleProjector(): void {
		this.projector = !this.projector;
		document.documentElement.classList.toggle('projector', this.projector);
		try {
			localStorage.setItem(KEY, this.projector ? 'on' : 'off');
		} catch {
			// Not remembered where storage is forbidden; it still holds for this page.
		}
	}
}

export const preferences = new Preferences();
