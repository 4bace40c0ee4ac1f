// Checks of the image, over what Docker and the layers say of it; real images are in ops/e2e.

import { describe, expect, test } from 'vitest';
import { CheckDeclaration, type Declared } from '@containrlab/protocol/checks/declaration.ts';
import { readDockerfile } from '../dockerfile.ts';
import { ImageInspect } from '../image.ts';
import { type Found, globPattern, layerRoots, type Layers } from '../image-layers.ts';
import { makerOf, megabytes } from './image.ts';
import { judgeConfig } from './image-config.ts';
import { judgeExcludes, judgeSecrets } from './image-files.ts';
import { judgeSize } from './image-size.ts';

function image(config: object = {}): ImageInspect {
	return ImageInspect.parse({
		...{ Size: 1, Architecture: 'amd64' },
		Config: { Cmd: null, Env: ['PATH=/bin'], Labels: null, ...config },
		RootFS: { Layers: ['a', 'b'] },
		GraphDriver: { Name: 'overlay2', Data: { UpperDir: '/2', LowerDir: '/1:/beneath' } },
	});
}
const file = readDockerfile(
	'Dockerfile',
	['FROM a', 'WORKDIR /app', 'COPY . .', 'ENV A=b', 'RUN make', 'USER root'].join('\n'),
);

describe('image-config', () => {
	const judge = (declared: object, config: object) =>
		judgeConfig(
			CheckDeclaration.parse({ check: 'image-config', ...declared }) as Declared<'image-config'>,
			image(config),
			file,
		);

	test.each([
		...['', 'root', '0', '00', 'root:root', '0:1000', ':1000'].map(
			(user) => [user, false] as const,
		),
		...['app', '1000', '1000:0', 'app:root', 'rooty'].map((user) => [user, true] as const),
	])('the user %j', (User, fine) => {
		const failure = judge({ user: 'not-root' }, { User });
		expect(failure?.code).toBe(fine ? undefined : 'image-runs-as-root');
		if (failure) expect(failure.evidence).toMatchObject([{}, { line: 6, text: 'USER root' }]);
	});

	test.each<[object, object, string | undefined]>([
		[{ ports: [80, 81] }, { ExposedPorts: { '80/tcp': {}, '81/tcp': {} } }, undefined],
		[{ ports: [80] }, { ExposedPorts: { '80/udp': {} } }, 'image-port-missing'],
		[{ ports: [80] }, {}, 'image-port-missing'],
		[{ workdir: '/srv' }, { WorkingDir: '/srv/' }, undefined],
		[{ workdir: '/' }, { WorkingDir: '' }, undefined],
		[{ workdir: '/srv' }, { WorkingDir: '/app' }, 'image-workdir'],
		[{ command: '^python app' }, { Cmd: ['python', 'app.py'] }, undefined],
		[{ command: '^python app' }, { Entrypoint: ['python'], Cmd: ['app.py'] }, undefined],
		[{ command: '^python app' }, { Cmd: ['/bin/sh', '-c', 'python app.py'] }, 'image-command'],
		[{ command: 'x' }, {}, 'image-command'],
		[{ env: { MODE: 'prod.*' } }, { Env: ['MODE=production'] }, undefined],
		[{ env: { MODE: 'prod' } }, { Env: ['MODE=production'] }, 'image-env'],
		[{ env: { URL: 'a=b' } }, { Env: ['URL=a=b'] }, undefined],
		[{ env: { MODE: '.*' } }, { Env: [] }, 'image-env'],
		[{ env: { constructor: '.*' } }, {}, 'image-env'],
		[{ labels: { team: '.+' } }, { Labels: { team: 'us' } }, undefined],
		[{ labels: { team: '.+' } }, { Labels: { team: '' } }, 'image-label'],
		[{ labels: { team: '.+' } }, {}, 'image-label'],
		[{ health: true }, { Healthcheck: { Test: ['CMD', 'true'] } }, undefined],
		[{ health: true }, { Healthcheck: { Test: ['NONE'] } }, 'image-health-missing'],
		[{ health: true }, {}, 'image-health-missing'],
		[{ architecture: 'amd64' }, {}, undefined],
		[{ architecture: 'arm64' }, {}, 'image-architecture'],
		[{}, {}, undefined],
	])('%j of %j', (declared, config, code) => {
		const failure = judge(declared, config);
		expect(failure?.code).toBe(code);
		if (failure) expect(failure.evidence[0]).toMatchObject({ kind: 'compare' });
	});
});

describe('globs', () => {
	test.each<[string, string[], string[]]>([
		['/usr/bin/gcc', ['usr/bin/gcc'], ['usr/bin/gcc-12', 'x/usr/bin/gcc', 'usr/bin']],
		['**/gcc', ['gcc', 'usr/bin/gcc', 'gcc/lib/x'], ['usr/bin/xgcc', 'usr/bin/gcc2']],
		['/root/.cache', ['root/.cache/pip/x', 'root/.cache'], ['root/xcache/y']],
		['/root/.cache/**', ['root/.cache/a', 'root/.cache/a/b'], ['root/.cache', 'root/.cached']],
		['/app/*.log', ['app/a.log', 'app/.log'], ['app/a/b.log', 'app/a.logs']],
		['/app/**/*.pyc', ['app/a.pyc', 'app/a/b/c.pyc'], ['app.pyc', 'apps/a.pyc']],
		['/a?c', ['abc'], ['a/c', 'ac', 'abcd']],
		['/a+(b)|c', ['a+(b)|c'], ['aab', 'c']],
	])('%s', (glob, yes, no) => {
		const pattern = new RegExp(globPattern(glob));
		expect([...yes, ...no].filter((path) => pattern.test(path))).toEqual(yes);
	});

	test.each(['/', '**', '/**/*', '', 'a\0'])('%j names no file', (glob) => {
		const check = { check: 'image-excludes', paths: [glob] };
		expect(CheckDeclaration.safeParse(check).success).toBe(false);
	});
});

const layer = (bytes: number, base = false, largest: { path: string; bytes: number }[] = []) => {
	return { bytes, base, largest };
};
const layers = [
	layer(90_000_000, true, [{ path: 'lib/python', bytes: 50_000_000 }]),
	layer(0),
	layer(2_000_000, false, [{ path: 'app/film.mp4', bytes: 1_900_000 }]),
	layer(40_000_000, false, [{ path: 'root/.cache/big', bytes: 39_000_000 }]),
];

describe('image-size', () => {
	const declared = { check: 'image-size' } as const;

	test('the largest layers by their lines, and the largest files that are not the base’s', () => {
		const failure = judgeSize({ ...declared, megabytes: 100 }, 132_000_000, layers, file);
		expect(failure).toMatchObject({ code: 'image-too-large' });
		expect(failure?.evidence).toMatchObject([
			{ expected: 'at most 100 MB', observed: '132 MB' },
			{ text: '   90 MB  the base image\n   40 MB  line 5: RUN make\n  2.0 MB  line 3: COPY . .' },
			{ text: '   39 MB  /root/.cache/big\n  1.9 MB  /app/film.mp4' },
		]);
		expect(judgeSize({ ...declared, megabytes: 132 }, 132_000_000, layers, file)).toBeUndefined();
	});

	test('layers of one’s own', () => {
		expect(judgeSize({ ...declared, layers: 3 }, 1, layers, file)).toBeUndefined();
		const failure = judgeSize({ ...declared, layers: 2 }, 1, layers, file);
		expect(failure).toMatchObject({ code: 'image-too-many-layers' });
		expect(failure?.evidence[0]).toMatchObject({ observed: '3' });
	});

	test('bytes in words', () => {
		expect([1, 999_999, 9_949_999, 110_400_000].map(megabytes)).toEqual([
			...['1 kB', '1.0 MB', '9.9 MB', '110 MB'],
		]);
	});
});

const found = (path: string, layer: number, visible = true): Found => {
	return { path, layer, bytes: 1200, visible };
};
const looked = (over: Partial<Layers>): Layers => {
	return { layers, found: new Map(), secrets: [], history: '', ...over };
};

describe('image-excludes', () => {
	const declared = CheckDeclaration.parse({
		check: 'image-excludes',
		paths: ['/usr/bin/gcc', '**/.cache'],
		because: 'It is only needed to build.',
	}) as Declared<'image-excludes'>;
	const of = (...files: Found[]) => looked({ found: new Map([['**/.cache', files]]) });

	test('what a container sees comes before what is deleted', () => {
		expect(judgeExcludes(declared, of(), file)).toBeUndefined();
		const both = of(found('/a/.cache/x', 2, false), found('/b/.cache/y', 3));
		const failure = judgeExcludes(declared, both, file);
		expect(failure).toMatchObject({ code: 'image-file-unwanted' });
		expect(failure?.message).toContain('/b/.cache/y, which it should do without. It is only');
		expect(failure?.evidence).toMatchObject([
			{ line: 5, text: 'RUN make' },
			{ text: '/b/.cache/y  2 kB, line 5: RUN make' },
		]);
	});
	test('what is deleted only', () => {
		const deleted = of(found('/a/.cache/x', 2, false), found('/a/.cache/y', 2, false));
		const failure = judgeExcludes(declared, deleted, file);
		expect(failure).toMatchObject({ code: 'image-file-in-history' });
		expect(failure?.message).toContain('/a/.cache/x and 1 more is deleted');
		expect(judgeExcludes({ ...declared, deleted: 'allowed' }, deleted, file)).toBeUndefined();
	});
	test('what comes with the base image: the line that chose it', () => {
		const failure = judgeExcludes(declared, of(found('/x/.cache', 0)), file);
		expect(failure?.hint).toContain('base image');
		expect(failure?.evidence[0]).toMatchObject({ line: 1, text: 'FROM a' });
	});
});

describe('image-hides-secrets', () => {
	const declared = CheckDeclaration.parse({
		check: 'image-hides-secrets',
		plant: ['.env'],
		text: ['tok-123456'],
	}) as Declared<'image-hides-secrets'>;

	test('in a file, in a deleted one, in a setting, in a build argument', () => {
		const judge = (over: Partial<Layers>, config = {}) =>
			judgeSecrets(declared, image(config), looked(over), file)?.code;
		expect(judge({})).toBeUndefined();
		expect(judge({ secrets: [found('/x', 2, false), found('/y', 3)] })).toBe('secret-in-image');
		expect(judge({ secrets: [found('/x', 2, false)] })).toBe('secret-in-history');
		expect(judge({}, { Env: ['TOKEN=tok-123456'] })).toBe('secret-in-history');
		expect(judge({ history: 'RUN |1 T=tok-123456 /bin/sh -c x' })).toBe('secret-in-history');
		expect(judge({ history: 'RUN |1 T=tok-12345 /bin/sh -c x' })).toBeUndefined();
	});
});

test('a layer’s maker is counted from the last', () => {
	expect([0, 1, 2, 3].map((index) => makerOf(index, 4, file)?.line)).toEqual([undefined, 2, 3, 5]);
	expect(makerOf(9, 10, undefined)).toBeUndefined();
});

test('the folders of an image’s layers, from the lowest', () => {
	expect(layerRoots(image())).toEqual(['/1', '/2']);
	const one = image();
	one.RootFS.Layers.push('c', 'd');
	expect(() => layerRoots(one)).toThrow(expect.objectContaining({ code: 'layers-not-read' }));
	expect(layerRoots({ ...one, RootFS: { Layers: [] } })).toEqual([]);
});
