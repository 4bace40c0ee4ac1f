// A lab: the front matter of lab.md, and the declarations of its checks.

import { z } from 'zod';

const seconds = z.number().positive().max(600);
const port = z.number().int().min(1).max(65535);
const relativePath = z.string().min(1).max(1024);

/** What every declared check may say in its own words. */
const common = {
	/** Stable within the lab; defaults to the check's name. */
	id: z
		.string()
		.regex(/^[a-z0-9-]+$/)
		.optional(),
	/** What the student reads in the list of checks; each check has a default. */
	title: z.string().optional(),
	/** Replaces the check's own advice. */
	hint: z.string().optional(),
};

/** One check from the library in judges/checks; `check` names it. */
export const CheckDeclaration = z.discriminatedUnion('check', [
	/** A file exists, is regular, and isn't empty. Codes: file-missing, file-empty. */
	z.strictObject({ check: z.literal('file-present'), path: relativePath, ...common }),
	/**
	 * `.dockerignore` keeps these paths out of the build context, by Docker's own matching. They are
	 * planted before the build. Codes: dockerignore-missing, dockerignore-invalid, context-not-ignored,
	 * context-over-ignored.
	 */
	z.strictObject({
		check: z.literal('context-excludes'),
		plant: z.array(relativePath).min(1),
		/** Files that must stay in the context. */
		keep: z.array(relativePath).default([]),
		...common,
	}),
	/** `docker build` succeeds. Codes: dockerfile-missing, dockerfile-empty, dockerfile-invalid, base-image-unavailable, copy-source-missing, build-failed, build-timeout. */
	z.strictObject({ check: z.literal('image-builds'), within: seconds.default(180), ...common }),
	/** The container starts and stays up. Codes: container-not-started, container-exited. */
	z.strictObject({
		check: z.literal('container-runs'),
		port: port.optional(),
		stayUp: seconds.default(1),
		...common,
	}),
	/** An HTTP request answers. Codes: http-unreachable, http-wrong-port, http-localhost-only, http-timeout, http-status, http-body, container-exited. */
	z.strictObject({
		check: z.literal('http'),
		port,
		path: z.string().startsWith('/').default('/'),
		method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).default('GET'),
		status: z.number().int().min(100).max(599).default(200),
		/** Text that the body must contain. */
		contains: z.string().optional(),
		within: seconds.default(10),
		...common,
	}),
]);
export type CheckDeclaration = z.infer<typeof CheckDeclaration>;
export type CheckName = CheckDeclaration['check'];

export const LabFrontMatter = z.strictObject({
	title: z.string().min(1).max(80),
	summary: z.string().min(1).max(240),
	/** Estimated time. */
	minutes: z.number().int().min(5).max(240),
	goals: z.array(z.string()).min(1),
	/** Images that must be at hand in every sandbox. */
	images: z.array(z.string().regex(/^[a-z0-9._/-]+(:[\w.-]+)?$/)).default([]),
	/** The file that opens first. */
	open: relativePath.optional(),
	/** Authored hints, in steps from gentle to plain. */
	hints: z.array(z.string()).default([]),
	checks: z.array(CheckDeclaration).min(1),
	/** Each wrong solution and the failure code it must produce. */
	wrong: z.record(z.string().regex(/^[a-z0-9-]+$/), z.string()).default({}),
});
export type LabFrontMatter = z.infer<typeof LabFrontMatter>;

/** A file of a lab, as read from disk; `base64` for what isn't UTF-8 text. */
export const LabFile = z.discriminatedUnion('kind', [
	z.object({
		kind: z.literal('text'),
		path: relativePath,
		mode: z.number().int(),
		text: z.string(),
	}),
	z.object({
		kind: z.literal('binary'),
		path: relativePath,
		mode: z.number().int(),
		base64: z.string(),
	}),
]);
export type LabFile = z.infer<typeof LabFile>;

/** A lab ready to teach. `digest` is the SHA-256 of all that can change a verdict. */
export const Lab = z.object({
	/** The folder's name, `01-first-dockerfile`; its order is the curriculum's. */
	slug: z.string().regex(/^[0-9]{2}-[a-z0-9-]+$/),
	digest: z.string(),
	front: LabFrontMatter,
	/** Markdown, without the front matter. */
	text: z.string(),
	starter: z.array(LabFile),
});
export type Lab = z.infer<typeof Lab>;
