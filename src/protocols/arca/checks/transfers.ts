import { count } from '../../../base/text.js';
import {
  BYTES_EXCESS,
  LENGTH_EXCESS,
  RECEIVE_AFTER_EOF,
  RECEIVE_HUGE,
  SEEK_OFFSET_MISMATCH,
  SHORT_WRITE,
  SHORT_WRITE_DROPPED,
  ZERO_LENGTH_RECEIVE,
} from '../rules/postcard-contents.js';
import type { Scene } from '../session/scene.js';
import { descriptorOf } from './descriptors.js';
import type { PostcardFrame } from '../family-c/message.js';
import type { SeekFrom } from '../family-c/postcard.js';

/** Bytes. A host allocates as many as a Read or Receive asks for before it reads. */
const HUGE = 64 << 20;
const KEPT = 4096;

/** The state of reads and writes on one file or stream. */
class Channel {
  /** The bytes that the latest short write left unsent, as far as they are known; null: none. */
  unsent: Uint8Array | null = null;
  shortWrite: PostcardFrame | null = null;
  /** The empty answer that marked the end of the stream. */
  eof: PostcardFrame | null = null;
}

/** Judges reads and writes: a child pipe has one channel, C2 has one for each descriptor. */
export class Transfers {
  private readonly scene: Scene;
  private readonly channels = new Map<number, Channel>();

  constructor(scene: Scene) {
    this.scene = scene;
  }

  gap(): void {
    this.channels.clear();
  }

  request(m: PostcardFrame): void {
    if (m.name === 'Read' || m.name === 'Receive') this.read(m);
    else if ((m.name === 'Write' || m.name === 'Send') && m.data !== null) this.write(m, m.data);
  }

  /** Judges an answer by its request; both are readable and belong together. */
  answer(request: PostcardFrame, m: PostcardFrame): void {
    const { scene } = this;
    if (m.name === 'Bytes') {
      const asked = lengthOf(request);
      if (m.dataLength > asked) {
        scene.raise(BYTES_EXCESS, {
          message: m,
          related: [request],
          text: `${m.dataLength} bytes, ${asked} were asked for`,
        });
      }
      if (request.name === 'Receive' && m.dataLength === 0 && asked > 0) this.channelOf(request).eof = m;
    } else if (m.name === 'Length') {
      this.written(request, m);
    } else if (m.value?.name === 'Offset' && request.value?.name === 'Seek') {
      this.seeked(request, request.value.offset, m, m.value.offset);
    }
  }

  private seeked(request: PostcardFrame, to: SeekFrom, m: PostcardFrame, position: number): void {
    if (to.whence !== 0 || to.offset === position) return;
    this.scene.raise(SEEK_OFFSET_MISMATCH, {
      message: m,
      related: [request],
      text: `offset ${position} after a seek to ${to.offset} from the start`,
    });
  }

  private read(m: PostcardFrame): void {
    const { scene } = this;
    const asked = lengthOf(m);
    if (asked === 0) {
      scene.raise(ZERO_LENGTH_RECEIVE, { message: m, text: `${m.name} of 0 bytes: the answer looks like the end` });
    } else if (asked > HUGE) {
      scene.raise(RECEIVE_HUGE, { message: m, text: `${m.name} of ${asked} bytes, which the host allocates at once` });
    }
    if (m.name !== 'Receive') return;
    const { eof } = this.channelOf(m);
    if (eof !== null)
      scene.raise(RECEIVE_AFTER_EOF, { message: m, related: [eof], text: 'the stream had ended with an empty answer' });
  }

  private write(m: PostcardFrame, data: Uint8Array): void {
    const channel = this.channelOf(m);
    const { unsent, shortWrite } = channel;
    channel.unsent = null;
    channel.shortWrite = null;
    if (unsent === null || shortWrite === null) return;
    const n = Math.min(unsent.length, data.length);
    for (let i = 0; i < n; i++) {
      if (data[i] === unsent[i]) continue;
      this.scene.raise(SHORT_WRITE_DROPPED, {
        message: m,
        related: [shortWrite],
        text: `the bytes that the host had not accepted are not sent again: byte ${i} differs`,
      });
      return;
    }
  }

  private written(request: PostcardFrame, m: PostcardFrame): void {
    const accepted = lengthOf(m);
    const sent = request.dataLength;
    if (accepted > sent) {
      this.scene.raise(LENGTH_EXCESS, {
        message: m,
        related: [request],
        text: `${accepted} bytes taken, ${sent} were sent`,
      });
    } else if (accepted < sent) {
      this.scene.raise(SHORT_WRITE, {
        message: m,
        related: [request],
        text: `${accepted} of ${count(sent, 'byte')} taken`,
      });
      const channel = this.channelOf(request);
      const kept = request.data ?? new Uint8Array(0);
      channel.unsent = accepted < kept.length ? kept.subarray(accepted, KEPT) : null;
      channel.shortWrite = m;
    }
  }

  private channelOf(m: PostcardFrame): Channel {
    const key = descriptorOf(m) ?? 0;
    let channel = this.channels.get(key);
    if (channel === undefined) {
      channel = new Channel();
      const most = this.scene.context.limits.listItems;
      if (this.channels.size < most) this.channels.set(key, channel);
      else
        this.scene.limits.hit(
          'listItems',
          `more than ${most} descriptors that move data; later ones are not followed`,
          'note',
          m,
        );
    }
    return channel;
  }
}

/** The number of bytes that a message asks for, or reports as taken. */
function lengthOf(m: PostcardFrame): number {
  return m.value !== null && 'length' in m.value ? m.value.length : 0;
}
