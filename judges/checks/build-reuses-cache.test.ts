// What BuildKit says of a second build becomes: reused, or the line that is to blame.

import { describe, expect, test } from 'vitest';
import { CheckDeclaration, type Declared } from '@containrlab/protocol/checks/declaration.ts';
import { instructionOf, type Step, StepReader } from '../build-steps.ts';
import { readDockerfile } from '../dockerfile.ts';
import { judgeReuse } from './build-reuses-cache.ts';

const declared = CheckDeclaration.parse({
	check: 'build-reuses-cache',
	change: ['app.py'],
	reuse: [{ instruction: 'RUN', matches: 'pip install' }],
}) as Declared<'build-reuses-cache'>;

/** A chain of steps, each upon the one before; those in `again` were not cached. */
function chain(names: string[], ...again: number[]): Step[] {
	return names.map((name, index) => ({
		digest: `d${index}`,
		inputs: index === 0 ? [] : [`d${index - 1}`, 'context'],
		name,
		state: again.includes(index) ? 'finished' : 'cached',
		durationMs: again.includes(index) ? 2340 : 0,
	}));
}
const built = (steps: Step[]) => ({ status: 'built', steps }) as const;

describe('reuse', () => {
	const good = readDockerfile(
		'Dockerfile',
		'FROM a\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n',
	);
	const bad = readDockerfile(
		'Dockerfile',
		'FROM a\nWORKDIR /app\n# all of it\nCOPY . .\nENV A=b\nRUN pip install -r requirements.txt\n',
	);

	test('the step was cached, what comes below it not', () => {
		const steps = chain(
			['[1/4] FROM a', '[2/4] COPY requirements.txt .', '[3/4] RUN pip install', '[4/4] COPY . .'],
			3,
		);
		expect(judgeReuse(declared, built(steps), good)).toBeUndefined();
	});

	test('the step was run again: the line that copies too much, and the step’s own', () => {
		const steps = chain(
			['[1/4] FROM a', '[2/4] WORKDIR /app', '[3/4] COPY . .', '[4/4] RUN pip install -r'],
			...[2, 3],
		);
		const failure = judgeReuse(declared, built(steps), bad);
		expect(failure).toMatchObject({ code: 'cache-not-reused' });
		expect(failure?.message).toContain('line 4');
		expect(failure?.evidence).toMatchObject([
			{ line: 4, text: 'COPY . .' },
			{ line: 6 },
			{ observed: 'RUN pip install -r requirements.txt: run again, 2.3 s' },
		]);
	});

	test('a second build that was stopped in the step is told the same', () => {
		const steps = chain(['[1/4] FROM a', '[2/4] WORKDIR /app', '[3/4] COPY . .'], 2);
		const running: Step = {
			...{ digest: 'r', inputs: ['d2'], name: '[4/4] RUN pip install -r' },
			...{ state: 'running', durationMs: 0 },
		};
		const timeout = { status: 'timeout', steps: [...steps, running] } as const;
		expect(judgeReuse(declared, timeout, bad)?.code).toBe('cache-not-reused');
	});

	test('a mount that brings the change is the step’s own', () => {
		const file = readDockerfile(
			'Dockerfile',
			'FROM a\nRUN --mount=type=bind,target=/src pip install /src\n',
		);
		const steps = chain(['[1/2] FROM a', '[2/2] RUN --mount=type=bind,target=/src pip install'], 1);
		const failure = judgeReuse(declared, built(steps), file);
		expect(failure?.message).toContain('depends on files that had changed');
		expect(failure?.evidence).toMatchObject([{ line: 2 }, { kind: 'compare' }]);
	});

	test('no such step, or one in a stage that takes no part', () => {
		const none = readDockerfile('Dockerfile', 'FROM a\nCOPY . .\nRUN make\n');
		const steps = chain(['[1/3] FROM a', '[2/3] COPY . .', '[3/3] RUN make']);
		const failure = judgeReuse(declared, built(steps), none);
		expect(failure).toMatchObject({ code: 'cache-step-missing' });
		const apart = readDockerfile('Dockerfile', 'FROM a AS x\nRUN pip install x\nFROM b\n');
		expect(judgeReuse(declared, built(chain(['[stage-1 1/1] FROM b'])), apart)?.code).toBe(
			'cache-step-missing',
		);
	});

	test('what can’t be said is ours: a step nobody saw, one that was never reached', () => {
		const seen = chain(['[1/4] FROM a']);
		expect(() => judgeReuse(declared, built(seen), good)).toThrow('[');
		const waiting: Step = {
			...{ digest: 'w', inputs: ['d0'], name: '[3/4] RUN pip install' },
			...{ state: 'waiting', durationMs: 0 },
		};
		const failed = { status: 'failed', steps: [...seen, waiting] } as const;
		expect(() => judgeReuse(declared, failed, good)).toThrow('ended early');
	});
});

describe('the instruction of a step', () => {
	const file = readDockerfile(
		'Dockerfile',
		[
			...['ARG V=3', 'FROM python:$V AS Base', 'WORKDIR /app', 'ENV A=b'],
			...['COPY x \\', '  .', 'RUN <<E', 'echo', 'E'],
			...['FROM base', 'COPY --from=base /a /b', 'FROM scratch AS out', 'COPY y .'],
		].join('\n'),
	);
	test.each([
		['[base 1/4] FROM docker.io/library/python:3', undefined],
		['[base 2/4] WORKDIR /app', 3],
		['[base 3/4] COPY x   .', 5],
		// As it counts from ten steps on.
		['[base  6/10] COPY x   .', undefined],
		['[base  9/10] COPY x   .', 5],
		['[base 4/4] RUN <<E (echo...)', 7],
		['[stage-1 1/1] COPY --from=base /a /b', 11],
		['[out 1/1] COPY y .', 13],
		// A base image that planned two steps for its children: theirs come first.
		['[base 5/6] COPY x   .', 5],
		['[base 2/6] COPY planned .', undefined],
		['[internal] load build context', undefined],
		['[nowhere 1/1] RUN x', undefined],
		['exporting to image', undefined],
	])('%s', (name, line) => expect(instructionOf({ name }, file)?.line).toBe(line));
});

describe('reports of the builder', () => {
	const report = (value: object) => `${JSON.stringify(value, null, '  ')}\n`;
	const vertex = (more: object) => ({ digest: 'd', name: 'n', ...more });
	const at = (ms: number) => new Date(1_700_000_000_000 + ms).toISOString();

	test('come in any pieces, between warnings, and the newest word counts', () => {
		const text = [
			report({ vertexes: [vertex({})] }),
			'WARNING: something\n',
			report({ logs: [{ vertex: 'd', data: btoa('{\n"vertexes": []\n}\n') }] }),
			report({ vertexes: [vertex({ started: at(0), completed: at(1500) })] }),
			report({ statuses: [{ id: 'x' }] }),
		].join('');
		const reader = new StepReader();
		for (const byte of Buffer.from(text)) reader.push(Uint8Array.of(byte));
		expect([...reader.steps.values()]).toEqual([
			{ ...{ digest: 'd', inputs: [], name: 'n', state: 'finished' }, durationMs: 1500 },
		]);
	});

	test('a step that was cached, one that runs, one that failed', () => {
		const reader = new StepReader();
		const all = [
			vertex({ digest: 'c', cached: true, started: at(0), completed: at(0) }),
			vertex({ digest: 'r', started: at(0) }),
			vertex({ digest: 'f', started: at(0), completed: at(9), error: 'exit code: 1' }),
		];
		reader.push(Buffer.from(report({ vertexes: all })));
		expect([...reader.steps.values()].map(({ state }) => state)).toEqual([
			...['cached', 'running', 'failed'],
		]);
	});

	test('of endless size are let go by', () => {
		const reader = new StepReader();
		for (let n = 0; n < 64; n += 1) reader.push(Buffer.alloc(256 * 1024, 'x'));
		reader.push(Buffer.from(`\n{\n${'"a",\n'.repeat(300_000)}}\n`));
		reader.push(Buffer.from(report({ vertexes: [vertex({ started: at(0) })] })));
		expect(reader.steps.size).toBe(1);
	});
});
