import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertUser } from '@containrlab/db/queries/users.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { hashPassword } from './password.ts';
import { PasswordGate } from './sign-in.ts';

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase();
});
afterAll(async () => {
	await database?.[Symbol.asyncDispose]();
});

it('lets in who was here before, while guesses at many accounts fill all places', async () => {
	const { db } = database.connection;
	const [email, password] = ['iris@example.org', 'correct horse battery'];
	const passwordHash = await hashPassword(password);
	const user = (await insertUser(db, { name: 'Iris', login: { email, passwordHash } }))!;
	const gate = new PasswordGate(db, 1);
	const device = { id: 'desk', people: [user.id] };
	const guesses = Array.from({ length: 8 }, (_, n) =>
		gate.check(`nobody${n}@example.org`, 'guess', undefined),
	);
	// While the first is being checked in the only place, the others find it taken.
	const refused = guesses.map(async (guess) => {
		const checked = await guess;
		if (checked.ok || checked.reason !== 'busy') await new Promise<never>(() => {});
	});
	await Promise.race(refused);
	expect(await gate.check(email, password, device)).toMatchObject({ ok: true });
	await Promise.all(guesses);
});
