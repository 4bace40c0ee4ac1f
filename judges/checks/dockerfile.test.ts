// Checks of the Dockerfile, over the many ways in which people write one: what Docker would do decides.

import { describe, expect, test } from 'vitest';
import { CheckDeclaration, type CheckName } from '@containrlab/protocol/checks/declaration.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';
import { type DockerfileSource, findDockerfile, readDockerfile } from '../dockerfile.ts';
import type { Facts } from './check.ts';
import { bindChecks } from './library.ts';

async function judge(
	check: object,
	dockerfile: string | DockerfileSource | undefined,
): Promise<Failure | undefined> {
	const declared = CheckDeclaration.parse(check);
	const [bound] = bindChecks({
		text: '',
		front: { ...FRONT, checks: [declared] },
	});
	const files = new Map<string, SubmittedFile>();
	const source =
		typeof dockerfile === 'string' ? readDockerfile('Dockerfile', dockerfile) : dockerfile;
	return bound!.run({ files, dockerfile: source } as unknown as Facts);
}
const FRONT = { title: '', summary: '', minutes: 5, goals: [], images: [], hints: [], wrong: {} };

/** Each Dockerfile with the code that the check comes to, and the lines that it shows. */
type Row = [what: string, dockerfile: string, code: string | undefined, ...lines: number[]];

function table(check: { check: CheckName; [setting: string]: unknown }, rows: Row[]): void {
	describe(`${check.check} ${JSON.stringify({ ...check, check: undefined })}`, () => {
		test.each(rows)('%s', async (_what, dockerfile, code, ...lines) => {
			const failure = await judge(check, dockerfile);
			expect(failure?.code).toBe(code);
			if (!failure) return;
			const shown = failure.evidence.flatMap((seen) => (seen.kind === 'line' ? seen.line : []));
			expect(shown).toEqual(lines);
			expect(failure.message.length).toBeGreaterThan(20);
			expect(failure.hint.length).toBeGreaterThan(10);
			expect(failure.evidence.length).toBeGreaterThan(0);
		});
	});
}

table(
	{ check: 'dockerfile-instruction', instruction: 'COPY', matches: '\\brequirements\\.txt\\b' },
	[
		['plain', 'FROM a\nCOPY requirements.txt .', undefined],
		['lower case', 'from a\ncopy requirements.txt .', undefined],
		[
			'exec form, with a blank in a name',
			'FROM a\nCOPY ["requirements.txt", "my dir/"]',
			undefined,
		],
		['continued', 'FROM a\nCOPY app.py \\\n  # why\n\n  requirements.txt \\\n  .', undefined],
		[
			'continued by another sign',
			'# escape=`\nFROM a\nCOPY app.py `\n requirements.txt .',
			undefined,
		],
		['carriage returns', 'FROM a\r\nCOPY requirements.txt .\r\n', undefined],
		['a byte order mark', '\uFEFFFROM a\nCOPY requirements.txt .', undefined],
		['flags before it', 'FROM a\nCOPY --chown=1:1 --link requirements.txt .', undefined],
		['in the stage built upon', 'FROM a AS b\nCOPY requirements.txt .\nFROM b\nRUN x', undefined],
		['commented out', 'FROM a\n# COPY requirements.txt .', 'dockerfile-instruction-missing'],
		[
			'as a part of a name',
			'FROM a\nCOPY dev-requirements.txt2 .',
			'dockerfile-instruction-missing',
			2,
		],
		[
			'in a here-document',
			'FROM a\nRUN <<E\nCOPY requirements.txt .\nE',
			'dockerfile-instruction-missing',
		],
		[
			'for a child of the image',
			'FROM a\nONBUILD COPY requirements.txt .',
			'dockerfile-instruction-missing',
		],
		[
			'in a stage apart',
			'FROM a AS b\nCOPY requirements.txt .\nFROM a',
			'dockerfile-instruction-missing',
			2,
		],
		[
			'in the exec form of another',
			'FROM a\nADD requirements.txt .',
			'dockerfile-instruction-missing',
		],
	],
);

table(
	{ check: 'dockerfile-instruction', instruction: 'RUN', matches: 'pip install', stage: 'any' },
	[
		['exec form', 'FROM a\nRUN ["pip", "install", "x"]', undefined],
		['here-document', 'FROM a\nRUN <<EOF\nset -e\npip install x\nEOF', undefined],
		[
			'here-document with tabs',
			'FROM a\nRUN <<-"EOF" sh\n\tpip install x\n\tEOF\nRUN y',
			undefined,
		],
		['in another stage', 'FROM a\nRUN pip install x\nFROM b', undefined],
		['a mount before it', 'FROM a\nRUN --mount=type=cache,target=/c pip install x', undefined],
		[
			'in a comment within',
			'FROM a\nRUN true \\\n# pip install x\n && false',
			'dockerfile-instruction-missing',
			2,
		],
	],
);

const instead = 'Write COPY in its place.';
table({ check: 'dockerfile-forbids', instruction: 'ADD', instead }, [
	['none', 'FROM a\nCOPY . .', undefined],
	['one', 'FROM a\nADD . .', 'dockerfile-instruction-forbidden', 2],
	[
		'two, one in lower case',
		'FROM a\nadd a b\nRUN x\nADD c d',
		'dockerfile-instruction-forbidden',
		2,
		4,
	],
	['in a first stage', 'FROM a AS b\nADD . .\nFROM c', 'dockerfile-instruction-forbidden', 2],
	['a word in a command', 'FROM a\nRUN git ADD .', undefined],
]);
table({ check: 'dockerfile-forbids', instruction: 'ENV', matches: '(?:PASSWORD|TOKEN)', instead }, [
	['the old form', 'FROM a\nENV API_TOKEN abc', 'dockerfile-instruction-forbidden', 2],
	['on a continued line', 'FROM a\nENV A=b \\\n PASSWORD=c', 'dockerfile-instruction-forbidden', 2],
	['another', 'FROM a\nENV A=b', undefined],
]);

const order = {
	check: 'dockerfile-order',
	first: { instruction: 'COPY', matches: 'requirements' },
	then: { instruction: 'RUN', matches: 'pip3? install' },
} as const;
table(order, [
	['right', 'FROM a\nCOPY requirements.txt .\nRUN pip install -r requirements.txt', undefined],
	[
		'the other way',
		'FROM a\nRUN pip install -r r\nCOPY requirements.txt .',
		'dockerfile-order',
		2,
		3,
	],
	[
		'in a stage of its own',
		'FROM a AS b\nCOPY requirements.txt .\nRUN pip install x\nFROM c',
		undefined,
	],
	[
		'first in the stage built upon',
		'FROM a AS b\nCOPY requirements.txt .\nFROM b\nRUN pip install x',
		undefined,
	],
	[
		'first in a stage apart',
		'FROM a AS b\nCOPY requirements.txt .\nFROM a\nRUN pip install x',
		'dockerfile-instruction-missing',
		2,
	],
	['no first', 'FROM a\nCOPY app.py .\nRUN pip3 install x', 'dockerfile-instruction-missing', 2],
	['no second', 'FROM a\nCOPY requirements.txt .', 'dockerfile-instruction-missing'],
	[
		'twice, once each way',
		'FROM a\nCOPY requirements.txt .\nRUN pip install x\nCOPY requirements.txt /y',
		undefined,
	],
]);

table({ check: 'dockerfile-exec-form' }, [
	['a list', 'FROM a\nCMD ["python", "app.py"]', undefined],
	[
		'a list with a comment behind is a line',
		'FROM a\nCMD ["python"] # start',
		'dockerfile-exec-form-broken',
		2,
	],
	['a list over two lines', 'FROM a\nCMD [ "python", \\\n "app.py" ]', undefined],
	['no command', 'FROM a', undefined],
	['an empty list', 'FROM a\nENTRYPOINT []', undefined],
	['a line', 'FROM a\nCMD python app.py', 'dockerfile-shell-form', 2],
	['a line in lower case', 'FROM a\ncmd python app.py', 'dockerfile-shell-form', 2],
	['an earlier line that does not count', 'FROM a\nCMD python app.py\nCMD ["python"]', undefined],
	['single quotes', "FROM a\nCMD ['python', 'app.py']", 'dockerfile-exec-form-broken', 2],
	['a comma too many', 'FROM a\nCMD ["python", "app.py",]', 'dockerfile-exec-form-broken', 2],
	['typographic quotes', 'FROM a\nCMD [“python”]', 'dockerfile-exec-form-broken', 2],
	['a number in the list', 'FROM a\nCMD ["sleep", 5]', 'dockerfile-exec-form-broken', 2],
	['an entry point', 'FROM a\nENTRYPOINT ./run.sh\nCMD ["x"]', 'dockerfile-shell-form', 2],
	['a health check is no start', 'FROM a\nHEALTHCHECK CMD curl x\nCMD ["x"]', undefined],
	['in a stage that does not start', 'FROM a AS b\nCMD x y\nFROM a\nCMD ["x"]', undefined],
	['inherited from a stage', 'FROM a AS b\nCMD x y\nFROM b', 'dockerfile-shell-form', 2],
	[
		'inherited, but a new entry point resets it',
		'FROM a AS b\nCMD x y\nFROM b\nENTRYPOINT ["z"]',
		undefined,
	],
	['for a child of the image', 'FROM a\nONBUILD CMD x y', undefined],
]);

table({ check: 'dockerfile-pinned' }, [
	['a tag', 'FROM python:3.13-slim', undefined],
	['a digest', `FROM python@sha256:${'a'.repeat(64)}`, undefined],
	['none', 'FROM python', 'base-image-unpinned', 1],
	['latest', 'FROM python:latest', 'base-image-unpinned', 1],
	['a registry with a port', 'FROM localhost:5000/python', 'base-image-unpinned', 1],
	['a registry with a port and a tag', 'FROM localhost:5000/python:3', undefined],
	['nothing to pin', 'FROM scratch', undefined],
	['an earlier stage', 'FROM a:1 AS Build\nFROM build', undefined],
	['a platform', 'FROM --platform=$BUILDPLATFORM python AS x', 'base-image-unpinned', 1],
	['a variable', 'ARG V=3.13-slim\nFROM python:${V}', undefined],
	['two of them, quoted', 'ARG N="python" V=\'3\'\nARG I=$N:$V\nFROM $I', undefined],
	['a variable with a default', 'FROM python:${V:-3.13}', undefined],
	['a variable that says latest', 'ARG V=latest\nFROM python:$V', 'base-image-unpinned', 2],
	['copied from an image', 'FROM a:1\nCOPY --from=nginx /x /y', 'base-image-unpinned', 2],
	['copied from a stage, by number', 'FROM a:1\nFROM b:1\nCOPY --from=0 /x /y', undefined],
	[
		'mounted from an image',
		'FROM a:1\nRUN --mount=type=bind,from=uv,source=/uv,target=/uv uv',
		'base-image-unpinned',
		2,
	],
	['mounted from a stage', 'FROM a:1 AS u\nFROM b:1\nRUN --mount=from=u,target=/uv uv', undefined],
]);
table({ check: 'dockerfile-pinned', by: 'digest' }, [
	['a tag', 'FROM python:3.13-slim', 'base-image-unpinned', 1],
	['both', `FROM python:3@sha256:${'a'.repeat(64)}`, undefined],
]);

table({ check: 'dockerfile-stages', atLeast: 2 }, [
	['two, by name', 'FROM a AS build\nRUN x\nFROM b\nCOPY --from=build /x /y', undefined],
	['two, by name of another case', 'FROM a as BUILD\nFROM b\nCOPY --from=Build /x /y', undefined],
	['two, by number', 'FROM a\nFROM b\nCOPY --from=0 /x /y', undefined],
	['two, built upon', 'FROM a AS base\nFROM base', undefined],
	[
		'two, by a mount',
		'FROM a AS w\nFROM b\nRUN --mount=type=bind,target=/w,from=w pip install /w',
		undefined,
	],
	[
		'through a third',
		'FROM a AS x\nFROM a AS y\nCOPY --from=x / /\nFROM c\nCOPY --from=y / /',
		undefined,
	],
	['one', 'FROM a\nRUN x', 'dockerfile-stages-few', 1],
	['one that stands by', 'FROM a AS build\nRUN x\nFROM b\nCOPY . .', 'dockerfile-stage-unused', 1],
	[
		'one of a misspelt name',
		'FROM a AS build\nFROM b\nCOPY --from=biuld /x /y',
		'dockerfile-stage-unused',
		1,
	],
	[
		'a third that stands by',
		'FROM a AS x\nFROM a AS t\nFROM b\nCOPY --from=x / /',
		'dockerfile-stage-unused',
		2,
	],
	[
		'the name of a stage to come',
		'FROM a\nCOPY --from=b / /\nFROM c AS b',
		'dockerfile-stage-unused',
		1,
	],
]);
table({ check: 'dockerfile-stages', atMost: 1, unused: true }, [
	['one, and one that stands by', 'FROM a AS test\nFROM b', undefined],
	['two', 'FROM a AS x\nFROM b\nCOPY --from=x / /', 'dockerfile-stages-many', 1, 2],
]);

table({ check: 'dockerfile-base', images: ['python:3\\.13-slim', 'scratch'] }, [
	['it', 'FROM python:3.13-slim', undefined],
	['through stages', 'FROM python:3.13-slim AS x\nFROM x AS y\nFROM y', undefined],
	['more than it', 'FROM python:3.13-slim-bookworm', 'base-image-not-wanted', 1],
	['in a stage apart', 'FROM python:3.13-slim AS x\nFROM node:20', 'base-image-not-wanted', 2],
]);

describe('a Dockerfile that cannot be read', () => {
	const check = { check: 'dockerfile-exec-form' };
	test.each([
		['none', undefined, 'dockerfile-missing'],
		['empty', '', 'dockerfile-empty'],
		['comments alone', '# syntax=docker/dockerfile:1\n# FROM a\n', 'dockerfile-empty'],
		['ten thousand stages', 'FROM scratch\n'.repeat(10_000), 'dockerfile-too-long'],
	])('%s', async (_what, dockerfile, code) => {
		expect((await judge(check, dockerfile))?.code).toBe(code);
	});
});

test('what is hard to read is read in no time', async () => {
	const hard = [
		`FROM a\nRUN ${'a \\\n'.repeat(15_000)}b`,
		`FROM a\nRUN ${'<<A '.repeat(8000)}`,
		`FROM a\nCMD ${'['.repeat(60_000)}`,
		`ARG A=${'$'.repeat(30_000)}\nFROM ${'${A:-'.repeat(5000)}`,
		Array.from({ length: 2000 }, (_, n) => `FROM s${n - 1} AS s${n}`).join('\n'),
		`FROM a\nRUN ${'--mount=type=bind,'.repeat(3000)}`,
	];
	const before = process.cpuUsage();
	for (const dockerfile of hard) {
		const source = readDockerfile('Dockerfile', dockerfile);
		for (const check of ['dockerfile-stages', 'dockerfile-pinned', 'dockerfile-exec-form']) {
			await judge({ check }, source);
		}
	}
	// Of the processor's time, whatever else the machine does: an exponential reading would take minutes.
	expect(process.cpuUsage(before).user).toBeLessThan(20_000_000);
});

test('a Dockerfile behind a link is the one that Docker reads', () => {
	const text = { kind: 'text', path: 'docker/app', mode: 0o644, text: 'FROM a\n' } as const;
	const link = (target: string): Map<string, SubmittedFile> =>
		new Map<string, SubmittedFile>([
			['docker/app', text],
			['Dockerfile', { kind: 'link', path: 'Dockerfile', target }],
		]);
	expect(findDockerfile(link('docker/app'))?.path).toBe('docker/app');
	expect(findDockerfile(link('./docker/../docker/app'))?.path).toBe('docker/app');
	expect(findDockerfile(link('/docker/app'))).toBeUndefined();
	expect(findDockerfile(link('Dockerfile'))).toBeUndefined();
	expect(findDockerfile(link('nowhere'))).toBeUndefined();
});
