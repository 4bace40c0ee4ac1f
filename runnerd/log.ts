// runnerd's log: one JSON object a line on standard error.

export type Log = {
	info(message: string, detail?: Record<string, unknown>): void;
	warn(message: string, detail?: Record<string, unknown>): void;
	error(message: string, detail?: Record<string, unknown>): void;
};

export function jsonLog(write: (line: string) => void): Log {
	const at = (level: string) => (message: string, detail?: Record<string, unknown>) =>
		write(
			`${JSON.stringify({ at: new Date().toISOString(), level, service: 'runnerd', message, ...detail }, plainErrors)}\n`,
		);
	return { info: at('info'), warn: at('warn'), error: at('error') };
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };

/** Errors have no enumerable properties; their chain of causes is what a reader needs. */
function plainErrors(_key: string, value: unknown): unknown {
	if (!(value instanceof Error)) return value;
	return {
		error: value.message,
		stack: value.stack,
		...(value.cause ? { cause: value.cause } : {}),
	};
}
