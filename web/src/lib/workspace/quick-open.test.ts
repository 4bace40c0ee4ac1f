import { expect, it } from 'vitest';
import { rank } from './quick-open.ts';

const files = ['src/docker/compose.yml', 'Dockerfile', 'app/index.js', 'README.md'].map((path) => ({
	path,
}));
const paths = (text: string) => rank(files, text).map((file) => file.path);

it('means files by letters of their names, then of their paths', () => {
	expect(paths('docker')).toEqual(['Dockerfile', 'src/docker/compose.yml']);
	expect(paths('dcy')).toEqual(['src/docker/compose.yml']);
	expect(paths('INDEX js')).toEqual(['app/index.js']);
	expect(paths('index.js')).toEqual(['app/index.js']);
	expect(paths('aij')).toEqual(['app/index.js']);
	expect(paths('')).toHaveLength(files.length);
	expect(paths('zzz')).toEqual([]);
});
