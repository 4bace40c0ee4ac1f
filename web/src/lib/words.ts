// How times, durations and sizes are put into words.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "just now", "3 min ago", "in 5 min", "2 days ago". */
export function relativeTime(at: number, now: number): string {
	const distance = Math.abs(now - at);
	if (distance < 45 * SECOND) return 'just now';
	const amount =
		distance < HOUR
			? `${Math.max(1, Math.round(distance / MINUTE))} min`
			: distance < DAY
				? `${Math.round(distance / HOUR)} h`
				: plural(Math.round(distance / DAY), 'day');
	return at < now ? `${amount} ago` : `in ${amount}`;
}

// A format is dear to make, and a class's list shows eighty of them.
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
/** "23 Nov 2026, 06:20:15". */
export const absoluteTime = (at: Date): string => absolute.format(at);

/** "< 0.1 s", "0.4 s", "12 s", "3 min 05 s". */
export function duration(ms: number): string {
	if (ms < 50) return '< 0.1 s';
	if (ms < 9950) return `${(ms / SECOND).toFixed(1)} s`;
	if (ms < 59_500) return `${Math.round(ms / SECOND)} s`;
	const whole = Math.round(ms / SECOND);
	const minutes = Math.floor(whole / 60);
	const seconds = whole % 60;
	return `${minutes} min ${String(seconds).padStart(2, '0')} s`;
}

/** "812 B", "14 KB", "123 MB": powers of ten, as `docker images` counts. */
export function bytes(size: number): string {
	if (size < 1000) return `${size} B`;
	if (size < 1e6) return `${Math.round(size / 1000)} KB`;
	if (size < 1e9) return `${Math.round(size / 1e6)} MB`;
	return `${(size / 1e9).toFixed(1)} GB`;
}

export function plural(count: number, noun: string): string {
	return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const timeOfDay = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const dayAndTime = new Intl.DateTimeFormat('en-GB', {
	...{ weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
});
/** "11:30" today, "Tue, 24 Nov, 11:30" else. */
export const clockTime = (at: Date, now: Date): string =>
	(at.toDateString() === now.toDateString() ? timeOfDay : dayAndTime).format(at);

/** "45 minutes", "1 h", "1 h 30". */
export function span(minutes: number): string {
	if (minutes < 60) return `${minutes} minutes`;
	const rest = minutes % 60;
	return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest}`}`;
}
