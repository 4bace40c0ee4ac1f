// Puts one web process together; nothing connects or listens before `start`.

import { connect } from '@containrlab/db/connect.ts';
import { touchWorkspace } from '@containrlab/db/queries/workspaces.ts';
import { newId } from '@containrlab/protocol/id.ts';
import type { Config } from '../../config.ts';
import type { App } from './app.ts';
import { Auth } from './auth.ts';
import { Documents } from './documents.ts';
import { EventHub, PRESENCE_CHANNEL, REVOCATIONS_CHANNEL } from './hub.ts';
import { InSession } from './in-session.ts';
import { JudgingAgain } from './judge-again.ts';
import { Cancelling } from './cancelling.ts';
import { JudgeLine } from './judge-line.ts';
import { JudgeQueue } from './judge-queue.ts';
import { Judging } from './judging.ts';
import { deriveKey } from './keys.ts';
import { Labs } from './labs.ts';
import { log } from './log.ts';
import { Preflights } from './preflights.ts';
import { Overriding } from './overriding.ts';
import { Presence, PresenceMessage } from './presence.ts';
import { OpenConnections, Revocation } from './revocation.ts';
import { Previews } from './preview/previews.ts';
import { Reached } from './reached.ts';
import { RunnerEvents } from './runner-events.ts';
import { RunnerdClient } from './runnerd-client.ts';
import { Sandboxes } from './sandboxes.ts';
import { Submissions } from './submit.ts';
import { SyncClient } from './sync-client.ts';
import { TicketSigner } from './tickets.ts';
import { Tidying } from './tidying.ts';
import { UpgradeProxy } from './upgrade.ts';
import { WorkspaceFiles } from './workspace-files.ts';

export interface RunningApp {
	app: App;
	upgrades: UpgradeProxy;
	/** Begins the work behind the pages; it waits for what isn't there yet. */
	start: () => void;
	stop: () => Promise<void>;
}

export async function createApp(config: Config): Promise<RunningApp> {
	const connection = connect(config.databaseUrl, { max: 12 });
	const { db, sql } = connection;
	const tickets = new TicketSigner(config.ticketPrivateKey);
	const sync = new SyncClient(config.syncUrl, config.syncToken);
	const runnerd = new RunnerdClient(config.runnerdUrl, config.runnerdToken);
	const documents = new Documents(sync);
	const labs = await Labs.read(config.labsDir, log);
	const open = new OpenConnections();
	const revoke = async (revocation: Revocation) => {
		open.apply(revocation);
		await sql.notify(REVOCATIONS_CHANNEL, JSON.stringify(revocation));
	};
	const auth = new Auth(db, config.ticketPrivateKey, revoke);
	const hub = new EventHub(connection, log);
	const sandboxes = new Sandboxes({ db, runnerd, tickets, log });
	const inSession = new InSession({ db, runnerd, log });

	const judging = new Judging({ db, runnerd, log });
	const queue = new JudgeQueue({
		...{ databaseUrl: config.databaseUrl, db, log },
		judge: (attemptId, signal) => judging.judge(attemptId, signal),
	});
	const submissions = new Submissions({
		...{ db, documents, runnerd, labs, log },
		withdrawn: (attemptId) => judging.withdrawn(attemptId),
		enqueue: (tx, job) => queue.enqueue(tx, job),
	});
	const judgingAgain = new JudgingAgain({
		...{ db, labs },
		enqueue: (tx, job) => queue.enqueue(tx, job),
	});
	const line = new JudgeLine(db);
	const cancelling = new Cancelling({ db, withdrawn: (attemptId) => judging.withdrawn(attemptId) });
	const runnerEvents = new RunnerEvents({
		...{ db, runnerd, log },
		onMissing: (workspaceId, shas) => sandboxes.giveBlobs(workspaceId, shas),
		onJudgeDone: (run) => judging.done(run),
	});

	const presence = new Presence({
		process: newId(),
		// What is lost while Postgres is away is told again soon.
		announce: (message) =>
			void sql.notify(PRESENCE_CHANNEL, JSON.stringify(message)).catch(() => {}),
		touch: (workspaceId) =>
			void touchWorkspace(db, workspaceId).catch((cause: unknown) => {
				log('warn', 'when someone last worked could not be kept', { cause });
			}),
	});
	const hearPresence = (payload: string) => {
		const news = presence.hear(PresenceMessage.parse(JSON.parse(payload)));
		if (news) hub.tell(news);
	};

	const hearRevocation = (payload: string) => {
		open.apply(Revocation.parse(JSON.parse(payload)));
	};
	const previews = new Previews({
		...{ db, auth, open, tickets, log, site: config.site, previews: config.previews },
		runnerdUrl: config.runnerdUrl,
		key: deriveKey(config.ticketPrivateKey, 'previews'),
	});
	const tidying = new Tidying({ connection, auth, runnerd, sync, log });
	const { site, syncUrl, runnerdUrl } = config;
	return {
		app: {
			...{ documents, files: new WorkspaceFiles(sync, documents) },
			...{
				config,
				db,
				connection,
				auth,
				labs,
				sync,
				runnerd,
				sandboxes,
				inSession,
				submissions,
				judgingAgain,
				preflights: new Preflights(runnerd),
				cancelling,
				overriding: new Overriding(db),
				line,
			},
			...{ hub, open, presence, previews, revoke, log, reached: new Reached() },
		},
		upgrades: new UpgradeProxy({
			...{ db, auth, tickets, open, presence, log, site, syncUrl, runnerdUrl },
		}),
		start: () => {
			void hub.start({ revocation: hearRevocation, presence: hearPresence });
			presence.start((gone) => hub.tell(gone));
			queue.start();
			runnerEvents.start();
			inSession.start();
			tidying.start();
		},
		stop: async () => {
			open.cutAll();
			presence.stop();
			const parts = [hub, queue, runnerEvents, inSession, tidying];
			await Promise.allSettled(parts.map((part) => part.stop()));
			await connection[Symbol.asyncDispose]();
		},
	};
}
