// Asks the server for a workspace as the lab began it.

import { z } from 'zod';
import { SandboxState } from '@containrlab/protocol/sandbox.ts';

const View = z.object({
	ok: z.boolean(),
	sandbox: SandboxState.nullable(),
	runnerDown: z.boolean(),
});
const Refused = z.object({ message: z.string(), advice: z.string().optional() });

/** `view`: of the sandbox, if it was to be replaced; `problem`: why nothing was done, in words. */
export async function askReset(
	workspace: string,
	sandbox: boolean,
): Promise<{ view?: z.infer<typeof View> | undefined; problem?: string }> {
	let response: Response;
	try {
		response = await fetch(`/w/${workspace}/reset`, {
			method: 'POST',
			headers: { 'content-type': 'application/json', accept: 'application/json' },
			body: JSON.stringify({ sandbox }),
		});
	} catch {
		return { problem: 'The server doesn’t answer. Nothing was changed.' };
	}
	const body: unknown = await response.json().catch(() => undefined);
	if (response.ok) return { view: View.safeParse(body).data };
	const refused = Refused.safeParse(body).data;
	if (!refused) return { problem: 'The files could not be reset. Try again in a moment.' };
	return { problem: `${refused.message} ${refused.advice ?? ''}`.trim() };
}
