import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { requestHead, targetOf } from './upgrade.ts';

it('reads what a path asks for', () => {
	expect(targetOf('/sync/workspace:abcdefgh?ack=1&ticket=x')).toEqual({
		...{ kind: 'sync', workspaceId: 'abcdefgh', ack: true },
	});
	expect(targetOf('/terminal/abcdefgh/2')).toEqual({
		...{ kind: 'terminal', workspaceId: 'abcdefgh', terminal: '2' },
	});
	for (const path of ['/sync/class:abcdefgh', '/terminal/abcdefgh/x', '/terminal/../1', '//']) {
		expect(targetOf(path)).toBeUndefined();
	}
});

it('builds the request anew from what a WebSocket needs', () => {
	const request = {
		headers: {
			'sec-websocket-key': 'k',
			'sec-websocket-version': '13',
			cookie: 'containrlab_session=s',
			'x-containrlab-ticket': 'forged',
			authorization: 'Bearer x',
		},
	} as unknown as IncomingMessage;
	const target = { kind: 'sync', workspaceId: 'abcdefgh', ack: true } as const;
	const head = requestHead(request, new URL('http://127.0.0.1:7401'), target, 'fresh');
	expect(head.split('\r\n')).toEqual([
		...['GET /workspace:abcdefgh?ack=1 HTTP/1.1', 'Host: 127.0.0.1:7401'],
		...['Connection: Upgrade', 'Upgrade: websocket', 'x-containrlab-ticket: fresh'],
		...['sec-websocket-key: k', 'sec-websocket-version: 13', '', ''],
	]);
});
