/** Traffic that is not Arca's, for measuring wrong claims: generated from a seed, so that a number can be reproduced. */

export interface Foreign {
  readonly kind: string;
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** A small fast generator (mulberry32): the same numbers for the same seed everywhere. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  u32(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(n: number): number {
    return this.u32() % n;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bytes(n: number): Uint8Array {
    const out = new Uint8Array(n);
    for (let i = 0; i < n; i++) out[i] = this.u32();
    return out;
  }
}

class Writer {
  private buffer = new Uint8Array(4096);
  private size = 0;

  get length(): number {
    return this.size;
  }

  raw(bytes: Uint8Array): this {
    this.room(bytes.length);
    this.buffer.set(bytes, this.size);
    this.size += bytes.length;
    return this;
  }

  text(s: string): this {
    return this.raw(new TextEncoder().encode(s));
  }

  le(value: number, bytes: number): this {
    this.room(bytes);
    let n = value;
    for (let i = 0; i < bytes; i++) {
      this.buffer[this.size++] = n % 256;
      n = Math.floor(n / 256);
    }
    return this;
  }

  be(value: number, bytes: number): this {
    this.room(bytes);
    for (let i = bytes - 1; i >= 0; i--) this.buffer[this.size++] = Math.floor(value / 256 ** i) % 256;
    return this;
  }

  zeros(n: number): this {
    this.room(n);
    this.buffer.fill(0, this.size, this.size + n);
    this.size += n;
    return this;
  }

  done(): Uint8Array {
    return this.buffer.slice(0, this.size);
  }

  private room(n: number): void {
    if (this.size + n <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.size + n));
    grown.set(this.buffer.subarray(0, this.size));
    this.buffer = grown;
  }
}

type Maker = (dice: Dice, size: number) => readonly [client: Uint8Array, server: Uint8Array];

const WORDS = 'the of and block device offset length listen accept connect pipe ring server error read write'.split(
  ' ',
);

function prose(dice: Dice, size: number): Uint8Array {
  const w = new Writer();
  while (w.length < size) w.text(dice.pick(WORDS)).text(dice.below(9) === 0 ? '.\r\n' : ' ');
  return w.done();
}

const http: Maker = (dice, size) => {
  const client = new Writer();
  const server = new Writer();
  while (server.length < size) {
    const body = dice.below(2) === 0 ? prose(dice, dice.below(4000)) : dice.bytes(dice.below(4000));
    client.text(`${dice.pick(['GET', 'POST', 'PUT'])} /${dice.pick(WORDS)} HTTP/1.1\r\nHost: example.org\r\n\r\n`);
    server.text(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`).raw(body);
  }
  return [client.done(), server.done()];
};

/** Records with the outer form of TLS 1.3 around random bytes. */
const tls: Maker = (dice, size) => {
  const side = (first: number): Uint8Array => {
    const w = new Writer();
    const hello = dice.bytes(200 + dice.below(400));
    w.be(22, 1)
      .be(0x0301, 2)
      .be(hello.length + 4, 2)
      .be(first, 1)
      .be(hello.length, 3)
      .raw(hello);
    while (w.length < size) {
      const n = 17 + dice.below(1400);
      w.be(23, 1).be(0x0303, 2).be(n, 2).raw(dice.bytes(n));
    }
    return w.done();
  };
  return [side(1), side(2)];
};

/** Banners, a key exchange in the clear, then random packets. */
const ssh: Maker = (dice, size) => {
  const side = (banner: string): Uint8Array => {
    const w = new Writer().text(banner);
    const lists = 'curve25519-sha256,aes256-gcm@openssh.com,none';
    w.be(60 + lists.length, 4)
      .be(6, 1)
      .be(20, 1)
      .raw(dice.bytes(16))
      .be(lists.length, 4)
      .text(lists)
      .zeros(33);
    while (w.length < size) w.raw(dice.bytes(16 * (1 + dice.below(64))));
    return w.done();
  };
  return [side('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'), side('SSH-2.0-OpenSSH_9.6\r\n')];
};

const dns: Maker = (dice, size) => {
  const client = new Writer();
  const server = new Writer();
  while (server.length < size) {
    const name = new Writer();
    for (const label of [dice.pick(WORDS), 'example', 'org']) name.be(label.length, 1).text(label);
    const question = name.zeros(1).be(1, 2).be(1, 2).done();
    const id = dice.below(65536);
    client
      .be(12 + question.length, 2)
      .be(id, 2)
      .be(0x0100, 2)
      .be(1, 2)
      .zeros(6)
      .raw(question);
    server
      .be(28 + question.length, 2)
      .be(id, 2)
      .be(0x8180, 2)
      .be(1, 2)
      .be(1, 2)
      .zeros(4)
      .raw(question);
    server.be(0xc00c, 2).be(1, 2).be(1, 2).be(300, 4).be(4, 2).be(dice.u32(), 4);
  }
  return [client.done(), server.done()];
};

const random: Maker = (dice, size) => [dice.bytes(dice.below(size)), dice.bytes(size)];
const zeros: Maker = (dice, size) => [new Uint8Array(dice.below(size)), new Uint8Array(size)];
const text: Maker = (dice, size) => [prose(dice, dice.below(size)), prose(dice, size)];
const oneSided: Maker = (dice, size) => [dice.pick([random, text, zeros])(dice, size)[1], new Uint8Array(0)];

/** Arrays of small little-endian numbers of one width: the kind of data that looks most like headers. */
const integers: Maker = (dice, size) => {
  const side = (): Uint8Array => {
    const w = new Writer();
    const width = dice.pick([1, 2, 3, 4, 8]);
    const most = dice.pick([4, 10, 32, 300, 70_000]);
    while (w.length < size) w.le(dice.below(most), width);
    return w.done();
  };
  return [side(), side()];
};

/** Counters that go up by one, as request ids do, between other small fields. */
const counters: Maker = (dice, size) => {
  const side = (): Uint8Array => {
    const w = new Writer();
    const shape = [dice.pick([1, 2, 4, 8]), dice.pick([1, 2, 4, 8]), dice.pick([2, 4, 8])];
    for (let n = 1; w.length < size; n++) {
      w.le(dice.below(12), shape[0]!)
        .le(dice.below(32), shape[1]!)
        .le(n, shape[2]!)
        .raw(dice.bytes(dice.below(32)));
    }
    return w.done();
  };
  return [side(), side()];
};

/** Records behind a little-endian length of some width: type, then text or random bytes. */
const framed: Maker = (dice, size) => {
  const width = dice.pick([1, 2, 4, 8]);
  const inner = dice.pick([0, 1, 2, 4, 8]);
  const side = (): Uint8Array => {
    const w = new Writer();
    while (w.length < size) {
      const body = dice.below(2) === 0 ? prose(dice, dice.below(120)) : dice.bytes(dice.below(120));
      const cut = body.subarray(0, width === 1 ? 200 : body.length);
      w.le(1 + inner + cut.length, width)
        .le(dice.below(16), 1)
        .le(cut.length, inner)
        .raw(cut);
    }
    return w.done();
  };
  return [side(), side()];
};

/** Words of 64 bits and strings padded to them, as the protocol of the Nix daemon has. */
const words64: Maker = (dice, size) => {
  const side = (): Uint8Array => {
    const w = new Writer().le(dice.pick([0x6e697863, 0x6478696f]), 8);
    while (w.length < size) {
      const s = prose(dice, dice.below(60));
      w.le(dice.below(40), 8)
        .le(s.length, 8)
        .raw(s)
        .zeros((8 - (s.length % 8)) % 8);
    }
    return w.done();
  };
  return [side(), side()];
};

/** 9P: size u32, type u8, tag u16, little-endian. */
const nineP: Maker = (dice, size) => {
  const side = (reply: number): Uint8Array => {
    const w = new Writer()
      .le(19, 4)
      .le(100 + reply, 1)
      .le(0xffff, 2)
      .le(8192, 4)
      .le(6, 2)
      .text('9P2000');
    for (let tag = 1; w.length < size; tag++) {
      const n = dice.below(64);
      w.le(7 + n, 4)
        .le(102 + 2 * dice.below(12) + reply, 1)
        .le(tag & 0xffff, 2)
        .raw(dice.bytes(n));
    }
    return w.done();
  };
  return [side(0), side(1)];
};

const MAKERS: Readonly<Record<string, Maker>> = {
  http,
  tls,
  ssh,
  'dns over tcp': dns,
  'random bytes': random,
  'zero bytes': zeros,
  text,
  'one side only': oneSided,
  'small integers': integers,
  counters,
  'framed records': framed,
  '64-bit words': words64,
  '9p': nineP,
};

/** Streams of all kinds in turn, until `bytes` bytes were made. Most are short, as most connections are. */
export function* foreignTraffic(seed: number, bytes: number): Generator<Foreign> {
  const dice = new Dice(seed);
  const kinds = Object.entries(MAKERS);
  let made = 0;
  for (let i = 0; made < bytes; i++) {
    const [kind, make] = kinds[i % kinds.length]!;
    const [client, server] = make(dice, dice.pick([8, 13, 31, 64, 300, 2000, 20_000, 100_000]));
    made += client.length + server.length;
    yield { kind, client, server };
  }
}
