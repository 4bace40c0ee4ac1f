import { describe, expect, it } from 'vitest';
import { completeDockerfile, hoverDockerfile, lintDockerfile } from './dockerfile.ts';
import { MOST_HINTS } from './hint.ts';

/** `|` marks the cursor. */
async function complete(marked: string, images: string[] = []) {
	const at = marked.indexOf('|');
	const text = marked.replace('|', '');
	const lines = text.slice(0, at).split('\n');
	const proposals = await completeDockerfile(
		...([text, lines.length - 1, lines.at(-1)!.length, images] as const),
	);
	return proposals.map((one) => ({
		...one,
		result: text.slice(0, one.from) + one.insert + text.slice(one.to),
	}));
}

describe('completion', () => {
	it('offers instructions with what they mean', async () => {
		const [first] = await complete('FROM a\nWORK|');
		expect(first).toMatchObject({
			snippet: true,
			result: expect.stringMatching(/^FROM a\nWORKDIR /),
		});
		expect(first?.documentation).toContain('working directory');
	});

	it('offers this lab’s images and earlier stages, and asks no registry', async () => {
		const proposals = await complete('FROM node:20 AS build\nFROM py|', ['python:3.13-slim']);
		expect(proposals.map((one) => one.label)).toEqual(['python:3.13-slim', 'build', 'scratch']);
		expect(proposals[0]?.result).toBe('FROM node:20 AS build\nFROM python:3.13-slim');
		expect(await complete('FROM python:3.|', ['python:3.13-slim'])).toMatchObject([
			{ result: 'FROM python:3.13-slim' },
			{ label: 'scratch' },
		]);
		expect(await complete('FROM python:3.13 AS |')).toEqual([]);
	});

	it('offers flags', async () => {
		const labels = (await complete('FROM a\nCOPY --|')).map((one) => one.label);
		expect(labels).toContain('--from=stage');
	});
});

describe('hover', () => {
	it('says what an instruction does, and nothing where there is nothing', () => {
		expect(hoverDockerfile('FROM a\nEXPOSE 80', 1, 3)).toContain('port');
		expect(hoverDockerfile('FROM a\n\nEXPOSE 80', 1, 0)).toBeUndefined();
	});
});

describe('hints', () => {
	const messages = (text: string) => lintDockerfile(text).map((hint) => hint.message);

	it('point at what is wrong', () => {
		const text = 'FROM python:3.13\nCOPPY . .\n';
		expect(lintDockerfile(text)).toEqual([
			{
				...{ from: text.indexOf('COPPY'), to: text.indexOf('COPPY') + 5 },
				...{ severity: 'error', message: 'Unknown instruction: COPPY' },
			},
		]);
	});

	it.each([
		['FROM python\n', /Name a tag/],
		['FROM a:1\nCMD python app.py\n', /signal/],
		['FROM a:1\nADD . /app\n', /COPY does this/],
		['FROM a:1\nRUN cd /app\n', /WORKDIR/],
		['FROM a:1\nRUN apt-get update\n', /one RUN/],
	])('teach: %j', (text, hint) => {
		expect(messages(text)).toEqual([expect.stringMatching(hint)]);
	});

	it('leave good work alone', () => {
		const good = `# syntax=docker/dockerfile:1
ARG BASE=python:3.13-slim
FROM node:20-slim AS build
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends curl
FROM \${BASE}
FROM scratch
FROM build
ADD https://example.org/a.tar.gz /a
ADD site.tar.gz /site
COPY --from=build /src /app
ENTRYPOINT ["python"]
CMD ["app.py"]
`;
		expect(messages(good)).toEqual([]);
	});

	it('wait until something is written', () => {
		expect(messages('')).toEqual([]);
		expect(messages('# Write the recipe for your image here.\n')).toEqual([]);
		expect(messages('# A recipe\nRUN true\n')).not.toEqual([]);
	});

	it('stay few and within the text, whatever the text is', () => {
		const noise = Array.from({ length: 20_000 }, (_, n) =>
			String.fromCharCode((n * 7919) % 0x10000),
		).join('');
		for (const text of [
			noise,
			'x\n'.repeat(5000),
			'RUN \\\n'.repeat(2000),
			'\0',
			'\ud800',
			'\\',
			'x'.repeat(99_999),
		]) {
			const hints = lintDockerfile(text);
			expect(hints.length).toBeLessThanOrEqual(MOST_HINTS);
			for (const { from, to, message } of hints) {
				expect(message.length).toBeLessThan(300);
				expect(from).toBeLessThanOrEqual(to);
				expect(to).toBeLessThanOrEqual(text.length);
			}
		}
	});
});
