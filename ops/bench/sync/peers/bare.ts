// A child process: hands every frame to the others of its path, and reads none of them.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

process.once('disconnect', () => process.exit());
const rooms = new Map<string, Set<WebSocket>>();
const http = createServer();
new WebSocketServer({ server: http }).on('connection', (socket, { url = '/' }) => {
	const room = rooms.get(url) ?? new Set();
	rooms.set(url, room.add(socket));
	socket.on('message', (data) => {
		for (const other of room) if (other !== socket) other.send(data);
	});
	socket.on('close', () => room.delete(socket));
	socket.on('error', () => {});
});
http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port));
