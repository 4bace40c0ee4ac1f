// What makes an account: an e-mail address and a password, as forms bring them.

import { z } from 'zod';

export const Password = z
	.string('Enter a password.')
	.min(10, 'Use at least 10 characters; a few words are easy to remember.')
	.max(1024, 'Use at most 1024 characters.');

export const Login = z.object({
	email: z.email('Enter an e-mail address, like ada@example.org.').max(254),
	password: Password,
});
