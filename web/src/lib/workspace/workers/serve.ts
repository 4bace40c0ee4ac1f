// The other end of a Remote: answers calls, one after the other.

import type { Answer, Call, Methods } from './remote.ts';

type Port = {
	postMessage(message: unknown): void;
	onmessage: ((event: MessageEvent<Call>) => void) | null;
};

export function serve(methods: Methods, port: Port = self as Port): void {
	port.onmessage = async ({ data: { id, method, args } }) => {
		let answer: Answer;
		try {
			answer = { id, value: await methods[method]!(...(args as never[])) };
		} catch (error) {
			answer = { id, error: String(error) };
		}
		port.postMessage(answer);
	};
}
