// Which versions of the shared images can go. A volume links to the version that was the current one
// when its sandbox first started, which the volume's own birth bounds: both times are the engine's.

export interface Version {
	number: number;
	/** Since when it is, or was, the current one; in seconds. */
	since: number;
}

/** A sandbox that just started, and a version that just appeared. */
export const SLACK_SECONDS = 60;

/** `versions`: oldest first. `began`: when the volumes that there are were created. */
export function unused(
	versions: readonly Version[],
	began: readonly number[],
	slack = SLACK_SECONDS,
): Version[] {
	const oldest = Math.min(...began);
	return versions.filter((_version, index) => {
		const next = versions[index + 1];
		return next !== undefined && next.since + slack < oldest;
	});
}
