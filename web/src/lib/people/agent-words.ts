// A browser's own name for itself, in words that its user knows.

/** The first that fits counts: most call themselves by several names. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
	[/\bEdgi?A?(OS)?\//, 'Edge'],
	[/\bOPR\/|\bOpera\b/, 'Opera'],
	[/\bSamsungBrowser\//, 'Samsung Internet'],
	[/\b(Firefox|FxiOS)\//, 'Firefox'],
	[/\b(Chrome|CriOS|Chromium|HeadlessChrome)\//, 'Chrome'],
	[/\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
	[/\biPad\b/, 'an iPad'],
	[/\biPhone\b/, 'an iPhone'],
	[/\bAndroid\b/, 'Android'],
	[/\bCrOS\b/, 'a Chromebook'],
	[/\bWindows\b/, 'Windows'],
	[/\bMac OS X\b/, 'a Mac'],
	[/\bLinux\b/, 'Linux'],
];

const nameIn = (agent: string, names: typeof BROWSERS) =>
	names.find(([pattern]) => pattern.test(agent))?.[1];

export function agentWords(agent: string): string {
	const browser = nameIn(agent, BROWSERS) ?? 'A browser';
	const system = nameIn(agent, SYSTEMS);
	return system ? `${browser} on ${system}` : browser;
}
