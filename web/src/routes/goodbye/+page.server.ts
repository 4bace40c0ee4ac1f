// After leaving a shared computer: the page that clears what this browser remembers.

import { safeNext } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = ({ url }) => {
	const next = safeNext(url.searchParams.get('next'));
	return { next: next === '/classes' ? '/' : next };
};
