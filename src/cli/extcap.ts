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
        install: { type: 'boolean', describe: 'Make Wireshark list "wirelint: Unix socket" as an interface' },
        listen: { type: 'string', describe: 'Where clients connect: PATH or tcp:[HOST:]PORT' },
        connect: { type: 'string', describe: 'The real server: PATH or tcp:[HOST:]PORT' },
        port: { type: 'string', describe: 'Port of the server in the recording (10809 makes Wireshark see NBD)' },
        capture: { type: 'boolean', describe: 'Asked by Wireshark: record' },
        fifo: { type: 'string', describe: 'Asked by Wireshark: where the recording goes' },
        'extcap-interfaces': { type: 'boolean', describe: 'Asked by Wireshark: list the interface' },
        'extcap-interface': { type: 'string', describe: 'Asked by Wireshark: the interface that is meant' },
        'extcap-dlts': { type: 'boolean', describe: 'Asked by Wireshark: its link type' },
        'extcap-config': { type: 'boolean', describe: 'Asked by Wireshark: its options' },
        'extcap-capture-filter': { type: 'string', describe: 'Asked by Wireshark; there are no capture filters here' },
        'extcap-version': { type: 'string', describe: 'Asked by Wireshark: its own version' },
      })
      .example('$0 extcap --install', 'once; Wireshark lists the interface when it starts next')
      .epilogue(
        '--install writes into the personal extcap folders of Wireshark, that from 4.2 on and that before it, and into WIRESHARK_EXTCAP_DIR where it is set.',
      ),

  async run(raw) {
    const args = raw as ExtcapArguments;
    if (args.install) return (await import('./extcap-install.js')).install();
    if (args['extcap-interfaces']) return say(interfaces());
    const named = args['extcap-interface'];
    if (named === undefined)
      throw new UsageError('extcap: Wireshark runs this; `wirelint extcap --install` tells it where to find it');
    if (named !== INTERFACE) throw new UsageError(`extcap: no interface ${named}; there is ${INTERFACE}`);
    if (args['extcap-dlts']) return say(['dlt {number=101}{name=RAW}{display=Raw IP}']);
    if (args['extcap-config']) return say(CONFIG);
    if (args['extcap-capture-filter'] !== undefined && args['extcap-capture-filter'] !== '') {
      // without --capture, Wireshark asks whether the filter is valid: any text on standard output means that it is not
      if (!args.capture) return say(['wirelint has no capture filters; use a display filter']);
      throw new UsageError('extcap: there are no capture filters here; use a display filter');
    }
    if (!args.capture) return 0;
    if (!args.fifo) throw new UsageError('extcap: --capture without --fifo');
    if (!args.listen || !args.connect)
      throw new UsageError(
        'extcap: say in the options of the interface where clients connect, and where the server is',
      );
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
