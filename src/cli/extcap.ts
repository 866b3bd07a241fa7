import type { Command } from './command.js';
import { record } from './record.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

/** Name of the interface that Wireshark lists; its preferences are named after it (`extcap.wirelint.listen`). */
const INTERFACE = 'wirelint';

const HELP = 'https://www.wireshark.org/docs/man-pages/extcap.html';

interface ExtcapArguments {
  readonly install?: boolean;
  readonly capture?: boolean;
  readonly fifo?: string;
  readonly listen?: string;
  readonly connect?: string;
  readonly port?: string;
  readonly 'extcap-interfaces'?: boolean;
  readonly 'extcap-interface'?: string;
  readonly 'extcap-dlts'?: boolean;
  readonly 'extcap-config'?: boolean;
  readonly 'extcap-capture-filter'?: string;
}

/**
 * The requests that Wireshark makes to a program in its extcap folder: list interfaces, link types and options, and capture (extcap(4)).
 */
export const extcap: Command = {
  options: (yargs) =>
    yargs
      .options({
        install: { type: 'boolean', describe: 'Install the interface "wirelint: Unix socket" for Wireshark' },
        listen: { type: 'string', describe: 'Address for clients: PATH or tcp:[HOST:]PORT' },
        connect: { type: 'string', describe: 'Address of the server: PATH or tcp:[HOST:]PORT' },
        port: {
          type: 'string',
          describe: 'Port of the server in the recording (with 10809, Wireshark recognises NBD)',
        },
        capture: { type: 'boolean', describe: 'Used by Wireshark: start recording' },
        fifo: { type: 'string', describe: 'Used by Wireshark: where to write the recording' },
        'extcap-interfaces': { type: 'boolean', describe: 'Used by Wireshark: list the interface' },
        'extcap-interface': { type: 'string', describe: 'Used by Wireshark: name of the interface' },
        'extcap-dlts': { type: 'boolean', describe: 'Used by Wireshark: print the link type' },
        'extcap-config': { type: 'boolean', describe: 'Used by Wireshark: print the options of the interface' },
        'extcap-capture-filter': { type: 'string', describe: 'Used by Wireshark: a capture filter (not supported)' },
        'extcap-version': { type: 'string', describe: 'Used by Wireshark: the version of Wireshark' },
      })
      .example('$0 extcap --install', 'run once; Wireshark lists the interface the next time it starts')
      .epilogue(
        '--install writes a script to the personal extcap folders of Wireshark (before and since version 4.2), and to WIRESHARK_EXTCAP_DIR if it is set.',
      ),

  async run(raw) {
    const args = raw as ExtcapArguments;
    if (args.install) return (await import('./extcap-install.js')).install();
    if (args['extcap-interfaces']) return say(interfaces());
    const named = args['extcap-interface'];
    if (named === undefined)
      throw new UsageError('extcap: this command is run by Wireshark; install it with `wirelint extcap --install`');
    if (named !== INTERFACE) throw new UsageError(`extcap: unknown interface ${named}; expected ${INTERFACE}`);
    if (args['extcap-dlts']) return say(['dlt {number=101}{name=RAW}{display=Raw IP}']);
    if (args['extcap-config']) return say(CONFIG);
    if (args['extcap-capture-filter'] !== undefined && args['extcap-capture-filter'] !== '') {
      // without --capture, Wireshark asks whether the filter is valid: any text on standard output means that it is not
      if (!args.capture) return say(['wirelint does not support capture filters; use a display filter']);
      throw new UsageError('extcap: capture filters are not supported; use a display filter');
    }
    if (!args.capture) return 0;
    if (!args.fifo) throw new UsageError('extcap: --capture requires --fifo');
    if (!args.listen || !args.connect)
      throw new UsageError('extcap: set the addresses for clients and of the server in the options of the interface');
    return record.run({
      listen: args.listen,
      connect: args.connect,
      write: args.fifo,
      ...(args.port ? { port: args.port } : {}),
      _: ['record'],
    });
  },
};

const CONFIG = [
  'arg {number=0}{call=--listen}{display=Clients connect to}{tooltip=A path, or tcp:PORT}{type=string}{required=true}',
  'arg {number=1}{call=--connect}{display=The server is at}{tooltip=A path, or tcp:PORT}{type=string}{required=true}',
  'arg {number=2}{call=--port}{display=Port in the recording}{tooltip=10809 makes Wireshark see NBD}{type=integer}{range=1,65535}{default=10809}',
];

function interfaces(): string[] {
  return [
    `extcap {version=${version()}}{help=${HELP}}{display=wirelint}`,
    `interface {value=${INTERFACE}}{display=wirelint: Unix socket}`,
  ];
}

function say(lines: readonly string[]): number {
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
