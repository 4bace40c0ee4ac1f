// What Docker knows of an image, as far as checks look at it.

import { z } from 'zod';

const words = z
	.array(z.string())
	.nullish()
	.transform((list) => list ?? []);
const record = <Value extends z.ZodType>(value: Value) =>
	z
		.record(z.string(), value)
		.nullish()
		.transform((entries) => entries ?? {});

/** Of `docker image inspect`. */
export const ImageInspect = z.object({
	Size: z.number().int(),
	Architecture: z.string(),
	Config: z.object({
		User: z.string().default(''),
		ExposedPorts: record(z.unknown()),
		Env: words,
		Cmd: words,
		Entrypoint: words,
		WorkingDir: z.string().default(''),
		Labels: record(z.string()),
		Healthcheck: z.object({ Test: words }).nullish(),
	}),
	RootFS: z.object({ Layers: words }),
	GraphDriver: z.object({
		Name: z.string(),
		Data: z
			.object({ UpperDir: z.string().default(''), LowerDir: z.string().default('') })
			.nullish(),
	}),
});
export type ImageInspect = z.infer<typeof ImageInspect>;
