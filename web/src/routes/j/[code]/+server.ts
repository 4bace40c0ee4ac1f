// The short join link, as people type it: in small letters, with dashes or spaces in the code.

import { redirect } from '@sveltejs/kit';
import { normaliseCode } from '@containrlab/protocol/code.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ params }) =>
	redirect(303, `/join/${normaliseCode(params.code).slice(0, 32)}`);
