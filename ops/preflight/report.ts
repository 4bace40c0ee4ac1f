// A preflight's report as a page of text, for whoever has to decide by it.

import {
	buildTogether,
	isReady,
	type LabFlight,
	type PreflightReport,
} from '@containrlab/protocol/preflight.ts';

/** Nothing stands in the way of the lesson. */
export const isClear = ({ labs, unknown, fit }: PreflightReport): boolean =>
	unknown.length === 0 &&
	labs.every(isReady) &&
	[fit.memory, fit.disk].every((most) => most === null || most >= fit.students);

/** `address`: what other devices type; null while nobody else is let in. */
export function reportLines(
	report: PreflightReport,
	titles: ReadonlyMap<string, string>,
	address: string | null,
): string[] {
	const title = (slug: string) => titles.get(slug) ?? slug;
	return [
		'',
		...report.labs.flatMap((lab) => labLines(lab, title(lab.slug), report)),
		...report.unknown.map(
			(slug) => `  ✗ ${title(slug)}: not on this server, or another version of it`,
		),
		'',
		...waiting(report),
		...room(report),
		...devices(address),
		'',
		isClear(report) ? 'Ready.' : 'Not ready: see ✗ above.',
	];
}

function labLines(lab: LabFlight, title: string, report: PreflightReport): string[] {
	const { cut, supplied, missing } = lab;
	const last = cut ?? supplied;
	const mark = isReady(lab) ? '✓' : '✗';
	const together = buildTogether(lab, report);
	const times =
		last.outcome !== 'passed' || together === null
			? ''
			: `  built in ${seconds(last.buildSeconds ?? 0)} alone, about ${seconds(together)} when all ` +
				`${report.fit.students} build at once`;
	return [
		`  ${mark} ${title}: ${words(lab)}${times}`,
		...missing.map(
			(image) => `      the image ${image} isn’t in sandboxes: start again where it can be had`,
		),
		...(last.trouble ? [`      ${last.trouble.code}: ${last.trouble.message}`] : []),
	];
}

function words({ cut, supplied }: LabFlight): string {
	if (cut?.outcome === 'passed') return 'its solution passes without the internet.';
	if (cut && supplied.outcome === 'passed') return 'its solution passes with the internet only.';
	if (supplied.outcome === 'passed') return 'its solution passes; there is no mirror to cut off.';
	return 'its solution doesn’t pass.';
}

function waiting({ startSeconds }: PreflightReport): string[] {
	if (startSeconds === null) return [];
	return [
		`  A first click waits ${seconds(startSeconds)} for a sandbox, less while some are warm.`,
	];
}

function room({ fit, diskFree, labs }: PreflightReport): string[] {
	const highest = Math.max(...labs.map(({ memory }) => memory ?? 0));
	const largest = Math.max(...labs.map(({ disk }) => disk ?? 0));
	return [
		line(
			fit.memory,
			fit.students,
			`by memory, at ${megabytes(highest)} each at the height of a build`,
		),
		line(
			fit.disk,
			fit.students,
			`by disk, at ${megabytes(largest)} each; ${megabytes(diskFree ?? 0)} are free beside what is kept`,
		),
	];
}

const line = (most: number | null, students: number, by: string): string =>
	most === null
		? `  ? Nobody can say how many fit ${by}.`
		: `  ${most >= students ? '✓' : '✗'} ${most} students fit ${by}.`;

const devices = (address: string | null): string[] =>
	address === null
		? ['  ? Only this computer gets in. For the class, start it so: npm start -- --lan']
		: [
				`  ? Open ${address}/reach on a phone in that room: it says whether pages and sockets come through.`,
			];

const seconds = (value: number): string => `${value.toFixed(1)} s`;
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
