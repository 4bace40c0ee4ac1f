// The program of the helper on the engine's machine as one argument: no file of ours is there.

import { readFileSync } from 'node:fs';

/** In the order in which they import each other. */
const MODULES = ['kernel', 'disks', 'agents', 'watch'];

const source = (module: string): string =>
	readFileSync(new URL(`helper/${module}.py`, import.meta.url), 'utf8');

/** Strings in JSON are strings in Python. */
export const HELPER_PROGRAM = `
import sys, types

for name, source in ${JSON.stringify(MODULES.map((module) => [module, source(module)]))}:
    sys.modules[name] = types.ModuleType(name)
    exec(compile(source, f'{name}.py', 'exec'), sys.modules[name].__dict__)

${source('__main__')}`;
