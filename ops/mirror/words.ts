// What the mirror says of its images: to who asks for one that isn't there, and to who searches.

/** Short, as it ends a line of Docker's own. */
export function wordsOf(names: readonly string[]): Record<string, string> {
	const here = [...names].sort();
	const debian = here.find((name) => /^debian:/.test(name));
	const message =
		here.length === 0
			? 'there are no images here'
			: `here are ${here.join(', ')}` +
				(debian ? `; instead of alpine and ubuntu, ${debian} is the nearest` : '');
	return {
		'words.json': JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message }] }),
		'search.json': JSON.stringify({
			num_results: here.length,
			results: here.map((name) => ({
				name,
				description: 'to be had here',
				star_count: 0,
				is_official: false,
			})),
		}),
		'index.txt': `${here.join('\n')}\n`,
	};
}
