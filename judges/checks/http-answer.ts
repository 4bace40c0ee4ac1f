// What an answer over HTTP must say: its headers, its text, and values in its JSON.

import { isAllOf, isFoundIn } from '@containrlab/protocol/checks/pattern.ts';
import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';
import type { Answer } from '../request.ts';
import { excerpt } from '../text.ts';

type Expected = Pick<
	Declared<'http'>,
	'method' | 'path' | 'headers' | 'contains' | 'matches' | 'json'
>;
type Answered = Pick<Extract<Answer, { status: 'answered' }>, 'headers' | 'body'>;

const nameOf = ({ method, path }: Expected): string => `${method} ${path}`;

export function headerMismatch(declared: Expected, { headers }: Answered): Failure | undefined {
	for (const [name, pattern] of Object.entries(declared.headers ?? {})) {
		const value = headers.get(name.toLowerCase());
		if (value !== undefined && isAllOf(pattern, value)) continue;
		return {
			code: 'http-header',
			message:
				value === undefined
					? `The answer to ${nameOf(declared)} has no header ${name}.`
					: `The answer to ${nameOf(declared)} has another ${name} than is asked for.`,
			hint: `Look in the code for what it sends along with this answer. \`curl -i\` shows you the headers.`,
			evidence: [
				{
					...{ kind: 'compare', label: 'Header', expected: `${name}: ${pattern}` },
					observed: value === undefined ? shown(headers) : `${name}: ${value.slice(0, 300)}`,
				},
			],
		};
	}
	return undefined;
}

const shown = (headers: ReadonlyMap<string, string>): string =>
	[...headers]
		.slice(0, 20)
		.map(([name, value]) => `${name}: ${value.slice(0, 100)}`)
		.join('\n') || '(no headers)';

export function bodyMismatch(declared: Expected, { body }: Answered): Failure | undefined {
	const { contains, matches, json } = declared;
	if (contains !== undefined && !body.includes(contains)) {
		return otherBody(declared, body, `"${contains}"`, `contains ${contains}`);
	}
	if (matches !== undefined && !isFoundIn(matches, body)) {
		return otherBody(declared, body, 'what is asked for', `matches ${matches}`);
	}
	return json && jsonMismatch(declared, body, json);
}

function otherBody(declared: Expected, body: string, what: string, expected: string): Failure {
	return {
		code: 'http-body',
		message: `${nameOf(declared)} was answered, but ${what} isn't in the answer.`,
		hint: 'Look at what the app sends for this address.',
		evidence: [
			{ kind: 'compare', label: 'The answer', expected, observed: excerpt(body) || '(empty)' },
		],
	};
}

function jsonMismatch(
	declared: Expected,
	body: string,
	wanted: NonNullable<Expected['json']>,
): Failure | undefined {
	let answer: unknown;
	try {
		answer = JSON.parse(body);
	} catch {
		return {
			code: 'http-json',
			message: `The answer to ${nameOf(declared)} isn't JSON.`,
			hint: 'JSON has double quotes around names and texts, and nothing before or behind it. Most frameworks make it for you.',
			evidence: [
				{
					...{ kind: 'compare', label: 'The answer', expected: 'JSON' },
					observed: excerpt(body) || '(empty)',
				},
			],
		};
	}
	for (const [path, expected] of Object.entries(wanted)) {
		const found = valueAt(answer, path);
		if (found === expected) continue;
		const observed = found === undefined ? 'nothing' : excerpt(JSON.stringify(found), 100);
		return {
			code: 'http-json',
			message: `In the answer to ${nameOf(declared)}, ${path} is ${observed} instead of ${JSON.stringify(expected)}.`,
			hint: 'Look at what the app sends for this address, and where it has the value from.',
			evidence: [
				{
					...{ kind: 'compare', label: path, expected: JSON.stringify(expected), observed },
				},
				{ kind: 'output', label: 'The answer', text: excerpt(body) },
			],
		};
	}
	return undefined;
}

/** `items.0.name`; undefined where there is nothing. */
export function valueAt(value: unknown, path: string): unknown {
	return path
		.split('.')
		.reduce<unknown>(
			(inner, key) =>
				inner !== null && typeof inner === 'object' && Object.hasOwn(inner, key)
					? (inner as Record<string, unknown>)[key]
					: undefined,
			value,
		);
}
