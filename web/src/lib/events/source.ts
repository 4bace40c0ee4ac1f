// The browser's EventSource on web's stream, in a page or in a worker.

import type { Source } from './hub.ts';

export function openEventSource(after: number): Source {
	const stream = new EventSource(`/events?after=${after}`);
	const source: Source = {
		onopen: null,
		onmessage: null,
		onpresence: null,
		onerror: null,
		close: () => stream.close(),
	};
	stream.onopen = () => source.onopen?.();
	stream.onmessage = (message: MessageEvent<string>) => source.onmessage?.(message);
	stream.addEventListener('presence', ({ data }: MessageEvent<string>) =>
		source.onpresence?.(data),
	);
	stream.onerror = () => source.onerror?.();
	return source;
}
