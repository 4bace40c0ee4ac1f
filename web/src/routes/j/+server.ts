// The address for typing: short, and led to where a code is entered.

import { redirect } from '@sveltejs/kit';

export const GET = () => redirect(303, '/join');
