// The database's address with a password from a file: whatever signs it has, the server gets those.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from './connect.ts';
import { databaseUrl } from './database-url.ts';

const ADDRESS = 'postgres://someone@database:5432/containrlab';

test('the password arrives as it is in the file, less its line end', async () => {
	const dir = await mkdtemp(join(tmpdir(), 'containrlab-url-'));
	const password = 'a/b:c@d?e#f%41 é';
	await writeFile(join(dir, 'password'), `${password}\n`);
	await using connection = connect(databaseUrl(ADDRESS, join(dir, 'password')));
	const { host, pass, user, database } = connection.sql.options;
	expect({ host, pass, user, database }).toEqual({
		host: ['database'],
		pass: password,
		user: 'someone',
		database: 'containrlab',
	});
	await rm(dir, { recursive: true });
});

test('without a file the address says it all', () => {
	expect(databaseUrl(ADDRESS, undefined)).toBe(ADDRESS);
});
