import { join } from 'node:path';
import { loadCached } from './base/code-cache.js';
import type * as Program from './program.js';

const program = loadCached(join(__dirname, 'main.js'), 'check', false) as typeof Program;
void program.runWorker();
