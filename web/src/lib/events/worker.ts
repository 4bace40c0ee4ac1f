// The shared worker: one event stream for all tabs of a user, since a browser allows six per origin.

/// <reference lib="webworker" />
import { EventHub } from './hub.ts';
import type { ToPage, ToWorker } from './messages.ts';
import { openEventSource } from './source.ts';

const hub = new EventHub(openEventSource);

(self as unknown as SharedWorkerGlobalScope).onconnect = ({ ports: [port] }) => {
	if (!port) return;
	const say = (message: ToPage) => port.postMessage(message);
	let leave: (() => void) | undefined;
	port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
		leave?.();
		leave = undefined;
		if (data.type === 'leave') return;
		leave = hub.subscribe({
			after: data.after,
			event: (numbered) => say({ type: 'event', ...numbered }),
			presence: (presence) => say({ type: 'presence', presence }),
			connected: (up) => say({ type: 'connected', up }),
		});
	};
};
