// Waits until every container of a project is as healthy as it says it can be.

import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { unframe } from '../images/container.ts';
import { Refusal, type StepLog } from '../steps.ts';

/** A first start makes images, from packages where Docker Hub doesn't answer. */
const LIMIT_MS = 15 * 60_000;
/** What went down again this often won't come up by itself. */
const RESTARTS = 3;

interface Seen {
	id: string;
	service: string;
	restarts: number;
	health: 'healthy' | 'starting' | 'unhealthy';
}

export async function waitUntilHealthy(
	docker: Docker,
	project: string,
	step: StepLog,
): Promise<void> {
	let said = performance.now();
	for (const end = said + LIMIT_MS; ; await delay(500)) {
		const waiting = (await look(docker, project)).filter(({ health }) => health !== 'healthy');
		if (waiting.length === 0) return;
		const lost = waiting.find(
			({ restarts, health }) => restarts >= RESTARTS || health === 'unhealthy',
		);
		if (lost) throw await refusal(docker, lost);
		if (performance.now() > end) throw await refusal(docker, waiting[0]!);
		if (performance.now() - said > 10_000) {
			said = performance.now();
			const [line] = (await lastWords(docker, waiting[0]!.id, 1)).split('\n');
			step.begin(`${waiting.map(({ service }) => service).join(', ')} … ${line}`);
		}
	}
}

/** Those with a health check. */
async function look(docker: Docker, project: string): Promise<Seen[]> {
	const filters = { label: [`com.docker.compose.project=${project}`] };
	const containers = await docker.listContainers({ all: true, filters });
	const seen = await Promise.all(
		containers.map(async ({ Id, Labels }): Promise<Seen[]> => {
			const { State, RestartCount } = await docker.getContainer(Id).inspect();
			const health = State.Health?.Status as Seen['health'] | undefined;
			const service = Labels['com.docker.compose.service'] ?? Id;
			return health ? [{ id: Id, service, restarts: RestartCount, health }] : [];
		}),
	);
	return seen.flat();
}

async function refusal(docker: Docker, { id, service }: Seen): Promise<Refusal> {
	return new Refusal(
		`${service} does not come up. Its last words:\n\n${await lastWords(docker, id, 15)}`,
	);
}

async function lastWords(docker: Docker, id: string, lines: number): Promise<string> {
	const bytes = await docker.getContainer(id).logs({ stdout: true, stderr: true, tail: lines });
	return unframe(bytes);
}
