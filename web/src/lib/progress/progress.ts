// How far someone is with a lab, as pages get it.

export type ProgressMark = {
	id: string;
	number: number;
	status: 'queued' | 'running' | 'passed' | 'failed' | 'error' | 'withdrawn';
	createdAt: Date | string;
	/** null before the verdict. */
	checksPassed: number | null;
	checks: number | null;
};

export type LabProgress =
	| { slug: string; title: string; state: 'not-started' }
	| {
			slug: string;
			title: string;
			state: 'in-progress' | 'passed';
			workspace: string;
			activeAt: Date | string;
			/** How many attempts there are; `attempts` are the newest of them. */
			total: number;
			attempts: ProgressMark[];
			best: ProgressMark | null;
			/** What the newest verdict advised. */
			next: { message: string; hint: string } | null;
	  };

/** One mark and one word for each attempt: read in a glance, and aloud. */
export function markOf({ status, checksPassed, checks }: ProgressMark): string {
	switch (status) {
		case 'passed':
			return 'passed';
		case 'failed':
			return checks ? `${checksPassed ?? 0} of ${checks}` : 'failed';
		case 'error':
			return 'not judged';
		case 'withdrawn':
			return 'withdrawn';
		case 'queued':
		case 'running':
			return 'being judged';
	}
}
