// What this browser remembers about how its user likes to see things; theme itself is mode-watcher's.

const KEY = 'containrlab-projector';
const WRAP_KEY = 'containrlab-wrap';
const READING_KEY = 'containrlab-screen-reader';

class Preferences {
	/** Everything 1.3 times larger, for the back row. */
	projector = $state(false);

	/** Long lines of the editor go on below instead of beyond its edge. */
	wrap = $state(false);

	/** The terminal is read aloud. */
	screenReader = $state(false);

	/** Call once in the browser: `before-paint.js` has already applied it. */
	load(): void {
		this.projector = document.documentElement.classList.contains('projector');
		try {
			this.wrap = localStorage.getItem(WRAP_KEY) === 'on';
			this.screenReader = localStorage.getItem(READING_KEY) === 'on';
		} catch {
			// As below.
		}
	}

	toggleProjector(): void {
		this.projector = !this.projector;
		document.documentElement.classList.toggle('projector', this.projector);
		remember(KEY, this.projector);
	}

	toggleScreenReader(): void {
		this.screenReader = !this.screenReader;
		remember(READING_KEY, this.screenReader);
	}

	toggleWrap(): void {
		this.wrap = !this.wrap;
		remember(WRAP_KEY, this.wrap);
	}
}

function remember(key: string, on: boolean): void {
	try {
		localStorage.setItem(key, on ? 'on' : 'off');
	} catch {
		// Not remembered where storage is forbidden; it still holds for this page.
	}
}

export const preferences = new Preferences();
