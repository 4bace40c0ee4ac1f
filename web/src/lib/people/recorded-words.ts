// What a class records of someone, in the words of its join page; retention keeps its last promise.

export function recordedWords(about: { account: boolean; number: boolean; days: number }): string {
	const things = [
		// An account's name is its own, and outlives its classes.
		...(about.account ? [] : ['your name']),
		...(about.number ? ['your student number'] : []),
		'your files with every change',
		'what your terminals show',
		'and what you submit or ask',
	];
	const days = about.days === 1 ? '1 day' : `${about.days} days`;
	const [first = '', ...rest] = things.join(', ');
	return (
		`${first.toUpperCase()}${rest.join('')} are recorded. This class’s instructors and TAs see ` +
		`them; they are deleted ${days} after you last work here.`
	);
}
