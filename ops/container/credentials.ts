// `docker compose run --rm credentials`: makes the secrets that are missing, never touching one that is
// there, and shows on the screen who signs in where.

import { chmod } from 'node:fs/promises';
import { connect } from '@containrlab/db/connect.ts';
import { databaseUrl } from '@containrlab/db/database-url.ts';
import { groupCode } from '@containrlab/protocol/code.ts';
import { ROOT } from '../setup/data-dir.ts';
import { ensureDemoClass, INSTRUCTOR, readLabs, TA } from '../setup/demo-class.ts';
import { openSecrets } from '../setup/secrets.ts';

const DIRECTORY = '/secrets';

await chmod(DIRECTORY, 0o700);
const secrets = await openSecrets(DIRECTORY, 0o444);
const { CONTAINRLAB_PORT, WEB_ORIGIN, DATABASE_URL = '' } = process.env;
const origin = WEB_ORIGIN || `http://localhost:${CONTAINRLAB_PORT || 7400}`;
const joinCode = await readJoinCode();

console.log(`
  ContainrLab is at   ${origin}

  Instructor          ${INSTRUCTOR}   ${secrets.instructorPassword.value}
  Teaching assistant  ${TA.padEnd(INSTRUCTOR.length)}   ${secrets.taPassword.value}
${
	joinCode
		? `  Class code          ${groupCode(joinCode)}
  Join link           ${origin}/join/${joinCode}
`
		: '  The class’s join link is on its page, once ContainrLab runs.\n'
}`);

/** Of the ready-made class; undefined as long as there is no database. */
async function readJoinCode(): Promise<string | undefined> {
	await using connection = connect(databaseUrl(DATABASE_URL, secrets.postgresPassword), { max: 1 });
	const { labs } = await readLabs(`${ROOT}/labs`);
	const passwords = {
		instructor: secrets.instructorPassword.value,
		ta: secrets.taPassword.value,
	};
	return ensureDemoClass(connection, labs, passwords).then(
		({ joinCode }) => joinCode,
		() => undefined,
	);
}
