import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CAPTURES } from '../kit/cli.js';

/** Larger captures are left out, unless WIRELINT_ALL_CAPTURES is set: each test goes through all of them several times. */
const MOST_BYTES = process.env['WIRELINT_ALL_CAPTURES'] === undefined ? 24 << 10 : Infinity;

/** The captures of the repository that are one file each, as `FOLDER/NAME`. */
export function captureFiles(): string[] {
  return ['nbd', 'msgr2', 'pesto', 'arca', 'tls'].flatMap((folder) =>
    readdirSync(join(CAPTURES, folder))
      .filter((name) => /\.(pcap|pcapng|pcap\.gz|txt)$/.test(name) || /strace|socat/.test(name))
      .filter((name) => !/\.(bin|raw|json|keylog|keyring)$/.test(name))
      .map((name) => `${folder}/${name}`)
      .filter((name) => statSync(join(CAPTURES, name)).size <= MOST_BYTES),
  );
}

/** Those whose packets are packets: no recordings of calls. */
export function packetFiles(): string[] {
  return captureFiles().filter((name) => /\.(pcap|pcapng|pcap\.gz)$/.test(name));
}
