// The ports of the services: the usual ones, or free ones that are kept for next time.

import { readFile, writeFile } from 'node:fs/promises';
import { freePort, portIsFree } from '@containrlab/db/embedded.ts';
import { z } from 'zod';
import { output } from '../shell.ts';
import { Refusal } from '../steps.ts';

const Ports = z.object({
	web: z.number().int(),
	sync: z.number().int(),
	runnerd: z.number().int(),
	postgres: z.number().int(),
	preview: z.number().int(),
});
export type Ports = z.infer<typeof Ports>;

/**
 * `first` 0: free ones, remembered in `file` so that an open page finds the next start. With `lan`,
 * web's two, of pages and previews, must be free on every interface.
 */
export async function choosePorts(first: number, file: string, lan = false): Promise<Ports> {
	if (first !== 0) {
		const ports = { web: first, sync: first + 1, runnerd: first + 2 };
		// Beside the pages' port, previews are reached by their own names.
		const preview = lan || (await portIsFree(first + 4)) ? first + 4 : await freePort();
		for (const [service, port] of Object.entries({ ...ports, preview })) {
			const everywhere = lan && (service === 'web' || service === 'preview');
			if (!(await portIsFree(port, everywhere))) throw await taken(port, service, first);
		}
		// Nobody outside needs to know it.
		const postgres = (await portIsFree(first + 3)) ? first + 3 : await freePort();
		return { ...ports, postgres, preview };
	}
	const remembered = await readFile(file, 'utf8')
		.then((text) => Ports.partial().safeParse(JSON.parse(text)).data)
		.catch(() => undefined);
	const chosen = new Set<number>();
	const pick = async (wanted: number | undefined, everywhere = false): Promise<number> => {
		let port = wanted && (await portIsFree(wanted, everywhere)) ? wanted : await freePort();
		while (chosen.has(port)) port = await freePort();
		chosen.add(port);
		return port;
	};
	const ports: Ports = {
		web: await pick(remembered?.web, lan),
		sync: await pick(remembered?.sync),
		runnerd: await pick(remembered?.runnerd),
		postgres: await pick(remembered?.postgres),
		preview: await pick(remembered?.preview, lan),
	};
	await writeFile(file, JSON.stringify(ports), { mode: 0o600 });
	return ports;
}

async function taken(port: number, service: string, first: number): Promise<Refusal> {
	const listed = await output(['ss', '-Hltnp', `sport = :${port}`]).catch(() => '');
	const who = /users:\(\("([^"]+)",pid=(\d+)/.exec(listed);
	const by = who ? `${who[1]} (pid ${who[2]})` : 'another program';
	return new Refusal(
		`Port ${port}, which ${service} needs, is taken by ${by}. ` +
			`End it, or choose others: npm start -- --port ${first + 100}`,
	);
}
