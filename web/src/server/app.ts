// Everything that one web process has exactly one of, and how pages reach it.

import type { Connection } from '@containrlab/db/connect.ts';
import type { Config } from '../../config.ts';
import type { Auth } from './auth.ts';
import type { Documents } from './documents.ts';
import type { EventHub } from './hub.ts';
import type { InSession } from './in-session.ts';
import type { Cancelling } from './cancelling.ts';
import type { JudgeLine } from './judge-line.ts';
import type { JudgingAgain } from './judge-again.ts';
import type { Labs } from './labs.ts';
import type { Log } from './log.ts';
import type { OpenConnections, Revocation } from './revocation.ts';
import type { Overriding } from './overriding.ts';
import type { Previews } from './preview/previews.ts';
import type { Preflights } from './preflights.ts';
import type { Presence } from './presence.ts';
import type { Reached } from './reached.ts';
import type { RunnerdClient } from './runnerd-client.ts';
import type { Submissions } from './submit.ts';
import type { Sandboxes } from './sandboxes.ts';
import type { SyncClient } from './sync-client.ts';
import type { WorkspaceFiles } from './workspace-files.ts';

export interface App {
	config: Pick<Config, 'site'>;
	db: Connection['db'];
	connection: Connection;
	auth: Auth;
	labs: Labs;
	sync: SyncClient;
	documents: Documents;
	files: WorkspaceFiles;
	runnerd: RunnerdClient;
	sandboxes: Sandboxes;
	inSession: InSession;
	submissions: Submissions;
	judgingAgain: JudgingAgain;
	cancelling: Cancelling;
	overriding: Overriding;
	line: JudgeLine;
	hub: EventHub;
	preflights: Preflights;
	presence: Presence;
	previews: Previews;
	reached: Reached;
	open: OpenConnections;
	/** Ends what is open in this process at once, and tells the others. */
	revoke: (revocation: Revocation) => Promise<void>;
	log: Log;
}

// The pages are a bundle of their own, with their own copies of modules: what is shared is handed
// over through the one global that both sides see.
const KEY = Symbol.for('containrlab.web.app');
type Holder = { [KEY]?: App };

export function provideApp(app: App): void {
	(globalThis as Holder)[KEY] = app;
}

export function app(): App {
	const found = (globalThis as Holder)[KEY];
	if (!found) throw new Error('the pages were asked before main.ts provided the app');
	return found;
}
