#!/usr/bin/env node
import { exactArguments } from './base/file-name.js';
import { complain } from './cli/complain.js';
import { main } from './cli/main.js';

// a bug where nobody waits for the result; Node's own status for it would say that findings were made
process.on('uncaughtException', (error) => {
  complain(`internal error, please report it: ${error.stack ?? String(error)}`);
  process.exit(2);
});

process.exitCode = await main(exactArguments(process.argv.slice(2)));
