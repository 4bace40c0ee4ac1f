// One JSON line per entry on standard error. Never document content, never tickets.

export type Fields = Record<string, unknown>;

export interface Logger {
	info(message: string, fields?: Fields): void;
	warn(message: string, fields?: Fields): void;
	error(message: string, fields?: Fields): void;
}

export function jsonLogger(write: (line: string) => void): Logger {
	const log =
		(level: string) =>
		(message: string, fields: Fields = {}) => {
			const entry = { at: new Date().toISOString(), level, service: 'sync', message, ...fields };
			write(`${JSON.stringify(entry, (_, value: unknown) => plain(value))}\n`);
		};
	return { info: log('info'), warn: log('warn'), error: log('error') };
}

/** Errors with their causes; a query's parameters, which hold people's text, stay out. */
function plain(value: unknown): unknown {
	if (!(value instanceof Error)) return value;
	const { name, message, stack, cause } = value;
	const { code } = value as { code?: unknown };
	return { name, message, code, stack: stack?.split('\n').slice(1, 6), cause };
}

export const silentLogger: Logger = { info() {}, warn() {}, error() {} };
