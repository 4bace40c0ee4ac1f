// What happens once before the services start: migrations, and the ready-made class.

import { readFile } from 'node:fs/promises';
import { connect, migrateToLatest } from '@containrlab/db/connect.ts';
import { databaseUrl } from '@containrlab/db/database-url.ts';
import { z } from 'zod';
import { ROOT } from '../setup/data-dir.ts';
import { ensureDemoClass, readLabs } from '../setup/demo-class.ts';

const SECRETS = '/run/secrets';

const { DATABASE_URL, DATABASE_PASSWORD_FILE } = z
	.object({ DATABASE_URL: z.url(), DATABASE_PASSWORD_FILE: z.string().min(1) })
	.parse(process.env);
const url = databaseUrl(DATABASE_URL, DATABASE_PASSWORD_FILE);
const password = async (name: string) => (await readFile(`${SECRETS}/${name}`, 'utf8')).trim();

await migrateToLatest(url);
console.log('The database is up to date.');
const { labs, problems } = await readLabs(`${ROOT}/labs`);
for (const problem of problems) console.error(problem);
await using connection = connect(url, { max: 1 });
await ensureDemoClass(connection, labs, {
	instructor: await password('instructor-password'),
	ta: await password('ta-password'),
});
console.log(`Labs: ${labs.map((lab) => lab.slug).join(', ')}`);
