// What scripts print in a sandbox is read as it is meant, and hostile output stays harmless.

import { nearest } from '@containrlab/protocol/nearest.ts';
import { expect, test } from 'vitest';
import { readListeners } from './container.ts';
import { contextPaths } from './context.ts';
import { readDockerfile } from './dockerfile.ts';
import { RunLog } from './log.ts';
import { readAnswer } from './request.ts';
import { lastLines, plain, Tail } from './text.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   2: 0200A8C0:1F91 0100A8C0:9C40 01 00000000:00000000 00:00000000 00000000     0
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0
   1: 00000000000000000000000001000000:1389 00000000000000000000000000000000:0000 0A 0
   2: 0000000000000000FFFF00000100007F:138A 00000000000000000000000000000000:0000 0A 0
`;

test('listening sockets, of both families, and which of them are local', () => {
	expect(readListeners(TABLE)).toEqual([
		{ port: 80, loopback: false },
		{ port: 5000, loopback: true },
		{ port: 5001, loopback: true },
		{ port: 5002, loopback: true },
		{ port: 8080, loopback: false },
	]);
});

const HEADERS = Buffer.from(
	'HTTP/1.1 100 Continue\r\nX-No: 1\r\n\r\nHTTP/1.1 200 OK\r\nServer: a: b \r\nX-Two: 1\r\nx-two: \u001b[1m2\r\n\r\n',
).toString('base64');

test('an answer, with a body that imitates our own lines', () => {
	const answer = readAnswer(
		`alive\n200\n\n${HEADERS}\n${TABLE}---\ngone\n---\n\u001b[31mhello\u001b[0m`,
	);
	expect(answer).toMatchObject({
		status: 'answered',
		code: 200,
		body: 'gone\n---\nhello',
		alive: true,
		headers: new Map([
			['server', 'a: b'],
			['x-two', '2'],
		]),
	});
});

test('silence, by its reason', () => {
	const why = (code: string, message: string) => {
		const answer = readAnswer(`alive\n${code}\n${message}\n\n---\n`);
		return answer.status === 'silent' ? answer.why : answer.status;
	};
	expect(why('000', 'curl: (7) Failed to connect')).toBe('refused');
	expect(why('000', 'curl: (52) Empty reply from server')).toBe('dropped');
	expect(why('000', 'curl: (56) Recv failure: Connection reset by peer')).toBe('dropped');
	expect(why('000', 'curl: (28) Operation timed out')).toBe('timeout');
	expect(why('000', 'curl: (1) Received HTTP/0.9 when not allowed')).toBe('not-http');
	expect(why('200', 'curl: (63) Exceeded the maximum allowed file size')).toBe('answered');
});

test('names in a context', () => {
	expect(contextPaths('./\napp.py\npages/\npages/home.py\n')).toEqual(
		new Set(['app.py', 'pages', 'pages/home.py']),
	);
});

test('the lines of a Dockerfile', () => {
	const file = readDockerfile('Dockerfile', '# x\nFROM a\nRUN one \\\n  two\nCMD ["x"]\n');
	expect(file.instructions.map(({ line, keyword }) => [line, keyword])).toEqual([
		[2, 'FROM'],
		[3, 'RUN'],
		[5, 'CMD'],
	]);
});

test.each([
	['one escape goes on', 'RUN echo a \\\n  b\nCMD x', ['echo a b', 'x']],
	['two are a backslash at the end', 'RUN echo a\\\\\nCMD x', ['echo a\\\\', 'x']],
	['blanks behind them change nothing', 'RUN echo a\\\\ \t\r\nCMD x', ['echo a\\\\', 'x']],
	['nor do three', 'RUN echo a\\\\\\\nCMD x', ['echo a\\\\\\', 'x']],
	['with another escape', '# escape=`\nRUN echo a`\n b``\nCMD x', ['echo a b``', 'x']],
	['which makes backslashes plain', '# escape=`\nRUN dir c:\\\\\nCMD x', ['dir c:\\\\', 'x']],
])('lines that go on, and those that only look so: %s', (_what, source, rests) => {
	const { instructions } = readDockerfile('Dockerfile', source);
	expect(instructions.map(({ rest }) => rest)).toEqual(rests);
});

test('text without escape sequences, titles, bells and tricks of direction', () => {
	expect(plain('\u001b]0;title\u0007a\u001b[1;31mb\u001b[0m\u0007\u202ec\r\nd\re')).toBe(
		'abc\nd\ne',
	);
	expect(lastLines('1\n2\n3\n', 2)).toBe('…\n2\n3');
	expect(nearest('app.pyy', ['main.py', 'app.py'])).toBe('app.py');
	expect(nearest('zebra', ['main.py', 'app.py'])).toBeUndefined();
});

test('a log passes whole lines on, ends at its limit and says so', () => {
	const pieces: string[] = [];
	const log = new RunLog((_phase, text) => pieces.push(text), 40);
	const sink = log.stream('build');
	sink.push(Buffer.from('one\ntw\u001b[3'));
	sink.push(Buffer.from('1mo\n'));
	expect(pieces).toEqual(['one\n', 'two\n']);
	for (let n = 0; n < 1000; n += 1) sink.push(Buffer.from('0123456789\n'));
	sink.end();
	expect(pieces.join('').length).toBeLessThan(120);
	expect(pieces.at(-1)).toContain('[The log ends here');
});

test('an endless line is passed on and not gathered', () => {
	let characters = 0;
	const sink = new RunLog((_phase, text) => (characters += text.length)).stream('build');
	for (let n = 0; n < 100; n += 1) sink.push(Buffer.alloc(1024, 'x'));
	expect(characters).toBeGreaterThan(90_000);
});

test('the tail of a stream is its end', () => {
	const tail = new Tail(10);
	for (let n = 0; n < 1000; n += 1) tail.push(Buffer.from(`${n},`));
	expect(tail.text).toBe('7,998,999,');
});
