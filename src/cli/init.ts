import { existsSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { systemPath } from '../base/file-name.js';
import { pathStat } from '../base/path-stat.js';
import { TextOutput } from '../report/output.js';
import { findInputs } from './check/inputs.js';
import type { Command } from './command.js';
import { CONFIG_NAME } from './config-path.js';
import { finishDestination } from './destination.js';
import { configText } from './init/config-text.js';
import { keysAmong, Survey } from './init/survey.js';
import { Interrupt } from './interrupt.js';
import { Planner } from './plan.js';
import { runInputs } from './run.js';
import { systemWords, UsageError } from './usage-error.js';

const SCHEMA = 'node_modules/wirelint/schema/wirelint.config.schema.json';

export const init: Command = {
  options: (yargs) =>
    yargs
      .positional('folder', {
        type: 'string',
        default: '.',
        describe: 'The folder with the captures, in which the configuration is written',
      })
      .example('$0 init', `write ${CONFIG_NAME} for the captures in this folder`),

  async run(raw) {
    const folder = raw['folder'] as string;
    if (!pathStat(folder)?.isDirectory()) throw new UsageError(`init ${folder}: no such folder`);
    const path = join(folder, CONFIG_NAME);
    if (existsSync(systemPath(path))) throw new UsageError(`${path} already exists and is not overwritten`);
    const found = findInputs([folder]).inputs.map((i) => i.path);
    const { keyrings, tlsKeylogs } = keysAmong(found);
    const keys = new Set([...keyrings, ...tlsKeylogs]);
    const captures = found.filter((p) => !keys.has(p));
    const survey = new Survey();
    const interrupt = new Interrupt();
    const output = new TextOutput(1);
    if (captures.length > 0)
      await runInputs(captures, {
        planner: Planner.of({ keyring: keyrings, 'tls-keylog': tlsKeylogs }),
        detail: 'none',
        reporter: survey,
        output,
        signal: interrupt.signal,
        join: true,
        found: new Set(captures),
      });
    if (interrupt.status !== null) return interrupt.status;
    const within = (p: string): string => relative(resolve(folder), resolve(p)).split(sep).join('/');
    const text = configText(
      survey,
      { keyrings: keyrings.map(within), tlsKeylogs: tlsKeylogs.map(within) },
      schemaFrom(folder),
    );
    try {
      // never overwrites a file that somebody else created in the meantime
      writeFileSync(systemPath(path), text, { flag: 'wx' });
    } catch (error) {
      throw new UsageError(`cannot write ${path}: ${systemWords(error)}`);
    }
    output.add(`wrote ${path}\n`);
    finishDestination(output, undefined);
    return 0;
  },
};

/**
 * The path or address of the JSON Schema for editors: in the nearest node_modules that has the package, otherwise where npm packages are
 * served.
 */
function schemaFrom(folder: string): string {
  for (let up = '.'; ; up = up === '.' ? '..' : `${up}/..`) {
    const root = resolve(folder, up);
    if (existsSync(join(root, SCHEMA))) return `${up}/${SCHEMA}`;
    if (root === resolve(root, '..')) return 'https://unpkg.com/wirelint/schema/wirelint.config.schema.json';
  }
}
