import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemWords, UsageError } from './usage-error.js';

/** Writes the script that Wireshark runs into Wireshark's extcap folders, and prints where. */
export function install(): number {
  if (process.platform === 'win32') throw new UsageError('extcap --install: Windows is not supported');
  // programs started from a desktop often have a shorter PATH than a terminal, so node and wirelint are given as full paths
  const program = [process.execPath, realpathSync(process.argv[1]!)].map(quoted).join(' ');
  for (const folder of folders()) {
    const path = join(folder, 'wirelint');
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, `#!/bin/sh\nexec ${program} extcap "$@"\n`);
      chmodSync(path, 0o755);
    } catch (error) {
      throw new UsageError(`cannot write ${path}: ${systemWords(error)}`);
    }
    process.stdout.write(`${path}\n`);
  }
  return 0;
}

/**
 * Wireshark looks for personal extcaps beside its plugins since version 4.2, and looked beside its configuration before. It ignores
 * WIRESHARK_EXTCAP_DIR when root runs it, so that folder is used in addition to them.
 */
function folders(): string[] {
  const chosen = process.env['WIRESHARK_EXTCAP_DIR'];
  const configuration = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  const personal = [join(homedir(), '.local/lib/wireshark/extcap'), join(configuration, 'wireshark/extcap')];
  return chosen ? [...personal, chosen] : personal;
}

/** Quotes the text as one word for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
