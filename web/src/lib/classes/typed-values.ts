// A class's form as it was typed, for showing it again.

export type ClassValues = {
	name: string;
	asksStudentNumber: boolean;
	retentionDays: number | string;
	/** Null for never. */
	idleMinutes: number | null;
	/** What each sandbox may use; memory and disk in MB. */
	sandboxMemory: number;
	sandboxCpus: number;
	sandboxPids: number;
	sandboxDisk: number;
};

export const NEW_CLASS: ClassValues = {
	...{ name: '', asksStudentNumber: false, retentionDays: 180, idleMinutes: 30 },
	...{ sandboxMemory: 1536, sandboxCpus: 1, sandboxPids: 512, sandboxDisk: 8192 },
};

export const typedValues = (kept: Record<string, string>): ClassValues => ({
	name: kept.name ?? '',
	asksStudentNumber: kept.asksStudentNumber === 'on',
	retentionDays: kept.retentionDays ?? '',
	idleMinutes: kept.idleMinutes === 'never' ? null : Number(kept.idleMinutes) || 30,
	sandboxMemory: Number(kept.sandboxMemory) || NEW_CLASS.sandboxMemory,
	sandboxCpus: Number(kept.sandboxCpus) || NEW_CLASS.sandboxCpus,
	sandboxPids: Number(kept.sandboxPids) || NEW_CLASS.sandboxPids,
	sandboxDisk: Number(kept.sandboxDisk) || NEW_CLASS.sandboxDisk,
});
