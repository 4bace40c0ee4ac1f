// `PUT`, `GET` and `DELETE /judge-runs/<attempt>/<try>`, as answers for runnerd's API to send.

import { z } from 'zod';
import { Id } from '@containrlab/protocol/id.ts';
import {
	type JudgeRun,
	JudgeRunRequest,
	type ServiceError,
} from '@containrlab/protocol/sandbox.ts';
import type { JudgeRuns } from './runs.ts';

/** Bytes of a request: the files of a submission at their limits, as JSON. */
export const JUDGE_RUN_BODY = 96 * 1024 * 1024;

export interface JudgeRunAnswer {
	status: number;
	body?: JudgeRun | ServiceError;
}

const Key = z.object({ attempt: Id, try: z.coerce.number().int().min(1).max(9999) });

/** `body` is called for PUT alone and gives the parsed JSON. The caller has checked the credential. */
export async function answerJudgeRun(
	runs: JudgeRuns,
	method: string,
	path: { attempt: string; try: string },
	body: () => Promise<unknown>,
): Promise<JudgeRunAnswer> {
	const key = Key.safeParse(path);
	if (!key.success) return refuse(404, 'unknown-run', 'no such judge run');
	const { attempt, try: tryNumber } = key.data;
	if (method === 'PUT') return put(runs, attempt, tryNumber, await body());
	if (method === 'GET') {
		const run = await runs.get(attempt, tryNumber);
		return run ? { status: 200, body: run } : refuse(404, 'unknown-run', 'no such judge run');
	}
	if (method === 'DELETE') {
		await runs.delete(attempt, tryNumber);
		return { status: 204 };
	}
	return refuse(405, 'method', 'only PUT, GET and DELETE');
}

async function put(
	runs: JudgeRuns,
	attempt: string,
	tryNumber: number,
	body: unknown,
): Promise<JudgeRunAnswer> {
	const request = JudgeRunRequest.safeParse(body);
	if (!request.success)
		return refuse(400, 'malformed', z.prettifyError(request.error).slice(0, 2000));
	const result = await runs.put(attempt, tryNumber, request.data);
	if (result.ok) return { status: result.created ? 201 : 200, body: result.run };
	return result.code === 'lab-mismatch'
		? refuse(409, result.code, 'this version of the lab is not taught here')
		: refuse(503, result.code, 'too many runs; acknowledge some first');
}

function refuse(status: number, code: string, message: string): JudgeRunAnswer {
	return { status, body: { error: { code, message } } };
}
