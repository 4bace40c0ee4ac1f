// Sets theme and size before the first paint, from what this browser remembers: the same keys that
// mode-watcher and lib/preferences.svelte.ts use. A file of its own, since the CSP allows no inline
// scripts.
(() => {
	const root = document.documentElement;
	try {
		const mode = localStorage.getItem('mode-watcher-mode') ?? 'system';
		const dark =
			mode === 'dark' || (mode === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
		root.classList.toggle('dark', dark);
		root.style.colorScheme = dark ? 'dark' : 'light';
		root.classList.toggle('projector', localStorage.getItem('containrlab-projector') === 'on');
	} catch {
		// Storage can be forbidden; the light theme at the usual size is fine then.
	}
})();
