// Which files a few letters mean: those that have them in this order, the closest first.

/** Undefined when the letters aren't in it; less is closer. */
function distance(path: string, letters: string): number | undefined {
	const where = path.toLowerCase();
	const name = where.lastIndexOf('/') + 1;
	const whole = where.indexOf(letters, name);
	if (whole !== -1) return whole - name;
	let at = -1;
	let gaps = 0;
	for (const letter of letters) {
		const next = where.indexOf(letter, at + 1);
		if (next === -1) return undefined;
		gaps += next - at - 1;
		at = next;
	}
	return 1000 + gaps;
}

export function rank<T extends { path: string }>(files: readonly T[], text: string): T[] {
	const letters = text.toLowerCase().replace(/\s+/g, '');
	return files
		.flatMap((file) => {
			const far = distance(file.path, letters);
			return far === undefined ? [] : [{ file, far }];
		})
		.sort((a, b) => a.far - b.far || a.file.path.length - b.file.path.length)
		.map(({ file }) => file);
}
