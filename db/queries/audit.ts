// Who did what to whom: written beside the act, in its transaction.

import { audit } from '../schema.ts';
import type { Executor } from './executor.ts';

export type AuditEntry = {
	actorId: string;
	action: string;
	classId?: string;
	subject?: string;
	detail?: Record<string, unknown>;
};

export async function recordAudit(db: Executor, entry: AuditEntry): Promise<void> {
	await db.insert(audit).values(entry);
}
