// Whether live connections get through: the server answers one to a room that there is not with a code,
// which only comes where WebSockets do.

const LATE_MS = 8_000;
/** Of our own answers; what lies between gives others. */
const FIRST_CODE = 4000;

export function socketsGetThrough(origin: string): Promise<boolean> {
	const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/sync/reach`);
	return new Promise((resolve) => {
		const late = setTimeout(() => resolve(false), LATE_MS);
		socket.addEventListener('close', ({ code }) => {
			clearTimeout(late);
			resolve(code >= FIRST_CODE);
		});
	}).then((through) => {
		socket.close();
		return through as boolean;
	});
}
