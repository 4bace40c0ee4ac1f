// What SvelteKit's requests carry in this app.

import type { IncomingMessage } from 'node:http';
import type { Viewer } from './server/auth.ts';

declare global {
	namespace App {
		interface Locals {
			/** Whoever the session cookie names; null when signed out. */
			viewer: Viewer | null;
		}
		interface Error {
			message: string;
			/** What to do now. */
			advice?: string;
		}
		interface Platform {
			req: IncomingMessage;
		}
	}
}
