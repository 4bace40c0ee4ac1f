// Previews: what a sandbox serves on its own ports, looked at through us.
//
// web opens a way to a port by upgrading `GET /preview/<workspace>/<port>` on runnerd to
// PREVIEW_UPGRADE, with a ticket (aud preview, resource `<workspace>:<port>`) in its header. From the
// answer 101 on, bytes go both ways as they are; other answers carry a ServiceError.

import { z } from 'zod';
import { Id } from './id.ts';

export const PREVIEW_UPGRADE = 'containrlab-stream';
/** Ports that are listed at most, the lowest ones. */
export const PORTS_MAX = 64;

export const Port = z.number().int().min(1).max(65535);

/** `GET /sessions/<workspace>/ports`; whoever asks is told of changes by events, for a while. */
export const PortsAnswer = z.object({ ports: z.array(Port).max(PORTS_MAX) });
export type PortsAnswer = z.infer<typeof PortsAnswer>;

/** Why there is no way to a port: codes of a ServiceError. */
export const PreviewRefusal = z.enum([
	/** No or another's ticket. */
	'unauthorized',
	/** The workspace has no sandbox that is ready. */
	'no-sandbox',
	'nobody-listens',
	/** More connections at once than one sandbox may have. */
	'too-many',
	/** The sandbox doesn't answer just now. */
	'sandbox-away',
]);
export type PreviewRefusal = z.infer<typeof PreviewRefusal>;

export const previewResource = (workspace: string, port: number): string => `${workspace}:${port}`;

/** `/preview/<workspace>/<port>`; undefined for every other path. */
export function parsePreviewPath(
	path: string | undefined,
): { workspace: string; port: number } | undefined {
	const [, workspace, digits] = /^\/preview\/([^/?]+)\/([1-9]\d{0,4})$/.exec(path ?? '') ?? [];
	const port = Port.safeParse(Number(digits));
	if (!workspace || !Id.safeParse(workspace).success || !port.success) return undefined;
	return { workspace, port: port.data };
}
