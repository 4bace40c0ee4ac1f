// How large the images are that stand in for official ones, as `docker images` says it.

import { labImages } from '../../images.ts';
import { STAND_INS } from '../../images/stand-ins.ts';
import { progress } from '../classroom.ts';
import type { Row } from '../report.ts';
import type { World } from '../sandbox/world.ts';

const TARGET_MB: Record<string, number> = { 'python:3.13-slim': 115, 'node:20-slim': 190 };

export async function measureSizes({ docker }: World): Promise<Row[]> {
	const step = { begin: progress, log() {} };
	const images = await labImages(docker, Object.keys(STAND_INS), step);
	return Promise.all(
		images.map(async ({ name, image }): Promise<Row> => {
			const { Size } = await docker.getImage(image).inspect();
			const target = TARGET_MB[name];
			return { name, value: Size / 1e6, unit: 'MB', ...(target !== undefined && { target }) };
		}),
	);
}
