// Signing out: the session ends, and with it every socket and stream that it opened.

import { redirect } from '@sveltejs/kit';
import { endSession } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async (event) => {
	await endSession(event);
	redirect(303, '/');
};
