// Signing in, joining, and reaching one's workspace, through the real server.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { Browser, classroom, LAB, startWeb, type Classroom, type TestWeb } from './testing.ts';

let database: TestDatabase;
let web: TestWeb;
let room: Classroom;

beforeAll(async () => {
	database = await testDatabase();
	web = await startWeb({ databaseUrl: database.url });
	room = await classroom(database.connection.db);
});
afterAll(async () => {
	await web?.[Symbol.asyncDispose]();
	await database?.[Symbol.asyncDispose]();
});

describe('the way in', () => {
	it('joins by link and name, and opens the lab', async () => {
		const guest = new Browser(web.url);
		const path = `/join/${room.class.joinCode}`;
		expect(await (await guest.get(path)).text()).toContain('Join Docker 101');
		const joined = await guest.post(`${path}?/guest`, { name: 'Grace' });
		expect(joined.status).toBe(303);
		expect(joined.headers.get('location')).toBe(`/classes/${room.class.id}`);
		const page = await (await guest.get(`/classes/${room.class.id}`)).text();
		expect(page).toContain('First Dockerfile');
		const opened = await guest.get(`/classes/${room.class.id}/labs/${LAB}`);
		expect(opened.headers.get('location')).toMatch(/^\/w\/[a-z0-9]{20}$/);
	});
});
