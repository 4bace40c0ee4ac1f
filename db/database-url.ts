// Where the database is, when its password is in a file of its own: containers are told the address
// by their environment, which anyone who may inspect them can read.

import { readFileSync } from 'node:fs';

/** `url` with the password that `passwordFile` holds, or as it is. */
export function databaseUrl(url: string, passwordFile: string | undefined): string {
	if (!passwordFile) return url;
	const complete = new URL(url);
	complete.password = encodeURIComponent(readFileSync(passwordFile, 'utf8').trim());
	return complete.href;
}
