// Work that may wait until the browser has nothing better to do.

/** Busy or not, it goes on after this; ms. */
const AT_MOST_MS = 500;

export function untilIdle(): Promise<void> {
	return new Promise((resolve) => {
		// Safari has no such thing.
		if (typeof requestIdleCallback === 'undefined') setTimeout(resolve, 100);
		else requestIdleCallback(() => resolve(), { timeout: AT_MOST_MS });
	});
}
