// Where tabs can't share a stream (no SharedWorker: Chrome on Android), only a tab that is looked at
// holds one, since a browser opens no more than six connections to one origin.

type Visibility = Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>;

/** `open` returns what closes it again; so does this, for good. */
export function whileVisible(open: () => () => void, page: Visibility = document): () => void {
	let close: (() => void) | undefined;
	const follow = () => {
		if (!page.hidden) close ??= open();
		else {
			close?.();
			close = undefined;
		}
	};
	page.addEventListener('visibilitychange', follow);
	follow();
	return () => {
		page.removeEventListener('visibilitychange', follow);
		close?.();
		close = undefined;
	};
}
