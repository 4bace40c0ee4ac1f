// What a check is: a judgement over facts that are measured once and shared by all checks.

import type { CheckName, Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';
import type { BuildOutcome } from '../build.ts';
import type { Container, How } from '../containers.ts';
import type { BuildContext } from '../context.ts';
import type { DockerfileSource } from '../dockerfile.ts';
import type { Layers } from '../image-layers.ts';
import type { Rebuild } from '../rebuild.ts';

/** What one run knows. Each measurement is made when it is first asked for, and only once. */
export interface Facts {
	files: ReadonlyMap<string, SubmittedFile>;
	dockerfile: DockerfileSource | undefined;
	/** Images that every sandbox has. */
	images: readonly string[];
	context(): Promise<BuildContext>;
	image(): Promise<BuildOutcome>;
	/** What is in the image, layer by layer. */
	layers(): Promise<Layers>;
	/** A second build, after a change to these files. */
	rebuild(change: readonly string[]): Promise<Rebuild>;
	/** The one whose ports are published; all checks look at it, so none may change it. */
	container(): Promise<Container>;
	/** One more, for a check that stops it or starts it otherwise; it is the check's to dispose of. */
	another(how: How): Promise<Container>;
	wait(ms: number): Promise<void>;
	now(): number;
}

export interface Check<Name extends CheckName> {
	/** Says nothing when one of these failed. */
	needs: readonly CheckName[];
	/** Changes nothing that another check of its phase could see: such neighbours run side by side. */
	onlyLooks(declared: Declared<Name>): boolean;
	/** Undefined when all is well. */
	run(declared: Declared<Name>, facts: Facts): Promise<Failure | undefined>;
}
