#!/usr/bin/env node
import { join } from 'node:path';
import { loadCached } from './base/code-cache.js';
import type * as Program from './program.js';

const program = loadCached(join(__dirname, 'main.js'), process.argv[2] ?? '') as typeof Program;
void program.run();
