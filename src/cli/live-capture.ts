import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { DROPPED } from '../base/capture-rules.js';
import { count } from '../base/text.js';
import { NotACapture } from '../capture/packet.js';
import type { CaptureOptions, CaptureSource } from '../capture/reading.js';
import { openStream } from '../capture/source.js';

/**
 * Size of the kernel's buffer in KiB. With `--immediate-mode` each packet takes a slot of the snapshot length, so that tcpdump's default of
 * 2 MiB holds only eight packets. Of a burst of 50,000 packets, a buffer of 65536 KiB lost 1,119 and one of 262144 KiB none.
 */
const BUFFER_KIB = 262_144;
/** The most characters of the recorder's own messages that are kept. */
const WORDS = 4096;
/** Milliseconds that the recorder has to end by itself. */
const PATIENCE_MS = 2000;

/** What is recorded live. */
export interface LiveCapture {
  /** Names of interfaces; `any` stands for all of them. */
  readonly interfaces: readonly string[];
  /** A filter in the syntax of pcap-filter(7), as words. */
  readonly filter: readonly string[];
}

/** The recording program and its arguments: tcpdump, or for several interfaces dumpcap, which can record them together. */
export function recorder({ interfaces, filter }: LiveCapture): { readonly program: string; readonly args: string[] } {
  const expression = filter.join(' ');
  if (interfaces.length === 1) {
    const args = ['-i', interfaces[0]!, '--immediate-mode', '-U', '-B', String(BUFFER_KIB), '-s', '0', '-n', '-w', '-'];
    return { program: 'tcpdump', args: expression === '' ? args : [...args, '--', expression] };
  }
  const args = interfaces.flatMap((i) => ['-i', i, ...(expression === '' ? [] : ['-f', expression])]);
  return { program: 'dumpcap', args: [...args, '-B', String(BUFFER_KIB / 1024), '-q', '-w', '-'] };
}

/** The packets of a recorder as they come. Rejects with NotACapture, and the reason in plain words, if it cannot record. */
export function openLive(live: LiveCapture, name: string, options: CaptureOptions): CaptureSource {
  return {
    name,
    read: async (sink, hooks) => {
      const { program, args } = recorder(live);
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      const ended = endOf(child);
      let packets = 0;
      const source = openStream(name, () => child.stdout, options);
      try {
        await source.read(
          {
            info: (info) => sink.info(info),
            packet: (packet) => {
              packets++;
              sink.packet(packet);
            },
            note: (note) => sink.note(note),
          },
          hooks,
        );
      } catch (error) {
        const { failure, words } = await ended;
        if (packets === 0 && (failure !== null || words !== ''))
          throw new NotACapture(refusal(program, name, failure, words));
        throw error;
      } finally {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      }
      const { failure, words, status } = await ended;
      if (packets === 0 && !options.signal?.aborted && (failure !== null || status !== 0))
        throw new NotACapture(refusal(program, name, failure, words));
      const dropped = droppedIn(words);
      if (dropped > 0) {
        const text = `${program} dropped ${count(dropped, 'packet')}; a narrower filter reduces the load`;
        sink.note({ rule: DROPPED, text, offset: 0, length: 0 });
      }
    },
  };
}

interface End {
  readonly failure: NodeJS.ErrnoException | null;
  readonly status: number | null;
  /** What it wrote on standard error. */
  readonly words: string;
}

function endOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<End> {
  let words = '';
  let status: number | null = null;
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => (words = (words + text).slice(-WORDS)));
  return new Promise((resolve) => {
    child.once('error', (failure) => resolve({ failure, status, words }));
    child.once('exit', (code) => {
      status = code;
      // its last messages may still be on their way
      setTimeout(() => resolve({ failure: null, status, words }), PATIENCE_MS).unref();
    });
    child.once('close', () => resolve({ failure: null, status, words }));
  });
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

/** Says why nothing can be recorded, and what to do about it. The interface's name is left out, as it is printed in front. */
function refusal(program: string, name: string, failure: NodeJS.ErrnoException | null, words: string): string {
  if (failure?.code === 'ENOENT')
    return `${program} is not installed${program === 'dumpcap' ? ' (Debian: wireshark-common); it records several interfaces at once' : ''}`;
  if (failure !== null) return `${program}: ${failure.message}`;
  const said = words
    .split('\n')
    .map((line) => withoutPrefix(withoutPrefix(line, `${program}: `), `${name}: `).trim())
    .filter((line) => line !== '' && !/^listening on|^data link type|^\d+ packets? /.test(line));
  // tcpdump prints some reasons twice: "No such device exists (No such device exists)"
  const reason = said.join(' ').replace(/(\S.*?) \(\1\)/, '$1');
  if (/permission|not permitted/i.test(reason))
    return `${reason}; run it as root, or once: sudo setcap cap_net_raw,cap_net_admin=eip "$(command -v ${program})"`;
  if (/no such device|not exist/i.test(reason)) return `${reason}; \`${program} -D\` lists the interfaces`;
  return reason === '' ? `${program} ended without an error message` : `${program}: ${reason}`;
}

/** The number of packets that the kernel dropped, taken from what tcpdump or dumpcap print at the end. */
export function droppedIn(words: string): number {
  const tcpdump = /(\d+) packets? dropped by kernel/.exec(words);
  if (tcpdump !== null) return Number(tcpdump[1]);
  let dropped = 0;
  for (const [, n] of words.matchAll(/received\/dropped on interface .*?: \d+\/(\d+)/g)) dropped += Number(n);
  return dropped;
}
