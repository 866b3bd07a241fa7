import type { Options } from 'yargs';

/** The options that several commands share. */

/** Options that may be repeated; each takes one value, so that a file name after it stays a file name. */
export const list = { type: 'string', array: true, nargs: 1 } as const satisfies Options;

/** Options that take one value; if repeated, the last one counts. */
export const single = {
  requiresArg: true,
  coerce: (value: unknown) => (Array.isArray(value) ? (value as unknown[]).at(-1) : value),
} as const satisfies Options;

export const INPUT_OPTIONS = {
  protocol: {
    ...list,
    alias: 'p',
    describe: 'Look for these protocols only (comma-separated)',
  },
  'decode-as': {
    ...list,
    alias: 'd',
    describe: 'Set the protocol of a connection: PORT=nbd, unix:PATH=pesto or stream:3=arca',
  },
  stream: { ...list, alias: 's', describe: 'Report only the stream with this number' },
  rule: { ...list, describe: 'Set the level of a rule: ID=off|note|warning|error' },
  keyring: { ...list, describe: 'Ceph keyring file, for decrypting msgr2 secure mode' },
  join: {
    ...single,
    choices: ['auto', 'never'],
    default: 'auto',
    describe:
      'auto: read captures that continue each other (a ring buffer) as one recording; never: read each by itself',
  },
  'tls-keylog': { ...list, describe: 'TLS key log (SSLKEYLOGFILE), for decrypting TLS' },
  config: {
    ...single,
    type: 'string',
    describe: 'Configuration file (default: wirelint.config.json in this folder or above it)',
  },
  'show-secrets': { type: 'boolean', describe: 'Print keys and tickets, which are hidden otherwise' },
} as const satisfies Record<string, Options>;

export const PRINT_OPTIONS = {
  output: { ...single, type: 'string', alias: 'o', describe: 'Write to this file instead of standard output' },
  color: {
    ...single,
    choices: ['auto', 'always', 'never'],
    default: 'auto',
    describe: 'Use colours (NO_COLOR is honoured)',
  },
  verbose: { type: 'boolean', alias: 'v', describe: 'Show more fields of every message' },
  hex: { type: 'boolean', alias: 'x', describe: 'Show an annotated hex dump of every message' },
} as const satisfies Record<string, Options>;

export const RAW_OPTION = {
  raw: {
    ...list,
    describe: 'Two files with the raw bytes of one connection: CLIENT_FILE,SERVER_FILE',
  },
} as const satisfies Record<string, Options>;

export function formatOption(choices: readonly string[]): { format: Options } {
  return {
    format: { ...single, alias: 'f', choices, default: 'text', describe: 'Output format' },
  };
}

/** Parsed arguments that several commands share. */
export interface CommonArguments {
  readonly protocol?: readonly string[];
  readonly 'decode-as'?: readonly string[];
  readonly stream?: readonly string[];
  readonly rule?: readonly string[];
  readonly keyring?: readonly string[];
  readonly join?: string;
  readonly 'tls-keylog'?: readonly string[];
  readonly config?: string;
  readonly 'show-secrets'?: boolean;
  readonly output?: string;
  readonly color?: string;
  readonly verbose?: boolean;
  readonly hex?: boolean;
}
