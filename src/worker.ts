import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { loadCached } from './base/code-cache.js';
import { MORE_SHAPES, withFlagsOfStart } from './base/heap-flags.js';
import type * as Program from './program.js';

const { flags } = workerData as { readonly flags: readonly string[] };
const program = withFlagsOfStart([...flags, ...MORE_SHAPES], () =>
  loadCached(join(__dirname, 'main.js'), 'check', false),
) as typeof Program;
void program.runWorker();
