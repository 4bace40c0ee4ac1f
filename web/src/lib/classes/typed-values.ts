// A class's form as it was typed, for showing it again.

export type ClassValues = {
	name: string;
	asksStudentNumber: boolean;
	retentionDays: number | string;
	/** Null for never. */
	idleMinutes: number | null;
};

export const typedValues = (kept: Record<string, string>): ClassValues => ({
	name: kept.name ?? '',
	asksStudentNumber: kept.asksStudentNumber === 'on',
	retentionDays: kept.retentionDays ?? '',
	idleMinutes: kept.idleMinutes === 'never' ? null : Number(kept.idleMinutes) || 30,
});
