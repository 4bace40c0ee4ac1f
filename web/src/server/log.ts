// One JSON line per happening, on standard error.

export type Log = (level: 'info' | 'warn' | 'error', message: string, detail?: LogDetail) => void;
type LogDetail = Record<string, unknown> & { cause?: unknown };

export const log: Log = (level, message, { cause, ...detail } = {}) => {
	const line = { at: new Date().toISOString(), level, service: 'web', message, ...detail };
	const causes = cause === undefined ? {} : { cause: describe(cause) };
	process.stderr.write(`${JSON.stringify({ ...line, ...causes })}\n`);
};

/** The whole chain of causes; a log line is the only place where it may show. */
function describe(cause: unknown): string {
	const parts: string[] = [];
	for (let at = cause; at !== undefined && parts.length < 5;) {
		parts.push(at instanceof Error ? wordsOf(at) : String(at));
		at = at instanceof Error ? at.cause : undefined;
	}
	return parts.join('\ncaused by ');
}

/** Of a failed query everything but its parameters: they are sessions, addresses and people's files. */
function wordsOf(error: Error & { query?: unknown; params?: unknown }): string {
	const { stack = '', message, query, params } = error;
	if (params === undefined) return stack || message;
	const frames = stack.includes(message)
		? stack.slice(stack.indexOf(message) + message.length)
		: '';
	return `failed query: ${String(query)}${frames}`;
}
