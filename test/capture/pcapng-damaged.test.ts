import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined, PcapngWriter } from '../kit/pcap-writer.js';
import { recordChunks, type PacketRecorder } from '../kit/packet-recorder.js';

const data = (n: number, fill = 0xab): Uint8Array => new Uint8Array(n).fill(fill);
const session = (): PcapngWriter => new PcapngWriter().section().interface();

function read(file: Uint8Array, limits = {}): PacketRecorder {
  const whole = recordChunks(file, 'blocks', undefined, limits);
  for (const chunks of [[1], [13], [31, 4096]])
    expect(recordChunks(file, 'stream', chunks, limits).all).toEqual(whole.all);
  return whole;
}

const lengths = (found: PacketRecorder): number[] => found.packets.map((p) => p.data.length / 2);

describe('a wrong block length', () => {
  const after = new PcapngWriter()
    .section({ littleEndian: false })
    .interface({ linkType: 276 })
    .packet({ data: data(5) })
    .done();
  it.each([
    ['no multiple of four', (w: PcapngWriter) => w.block(6, data(40), 53)],
    ['less than a block', (w: PcapngWriter) => w.block(6, data(40), 8)],
    ['another one at its end', (w: PcapngWriter) => w.block(6, data(40), 52, 56)],
    ['zero', (w: PcapngWriter) => w.raw(data(64, 0))],
  ])('(%s) ends the section; the next one is read', (_name, damage) => {
    const before = session().packet({ data: data(3) });
    const lostAt = before.done().length;
    const file = damage(before)
      .packet({ data: data(4) })
      .raw(after)
      .done();
    const found = read(file);
    expect(lengths(found)).toEqual([3, 5]);
    expect(found.packets[1]).toMatchObject({ number: 2, linkType: 276 });
    const lost = file.length - after.length - lostAt;
    expect(found.notes).toMatchObject([
      {
        rule: 'capture/malformed',
        text: expect.stringContaining(`at offset ${lostAt} contradicts itself`),
        offset: lostAt,
      },
      {
        rule: 'capture/malformed',
        text: `${lost} bytes before the next section header were not read`,
        offset: lostAt,
        length: lost,
      },
    ]);
  });

  it('loses the rest of the file where no section follows', () => {
    const file = session()
      .packet({ data: data(3) })
      .block(6, data(40), 13)
      .packet({ data: data(4) })
      .done();
    const found = read(file);
    expect(lengths(found)).toEqual([3]);
    expect(found.notes.at(-1)!.text).toMatch(/^\d+ bytes to the end of the file were not read$/);
    expect(found.notes.at(-1)!.offset + found.notes.at(-1)!.length).toBe(file.length);
  });

  it('is not mended by bytes that only look like a section header', () => {
    const fake = joined([Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a), data(24, 1)]);
    const file = session()
      .packet({ data: data(3) })
      .block(6, data(40), 13)
      .raw(fake)
      .raw(data(3))
      .raw(after)
      .done();
    expect(lengths(read(file))).toEqual([3, 5]);
  });

  it('is mended by a section header right behind such bytes', () => {
    const fake = Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a);
    const file = session()
      .packet({ data: data(3) })
      .block(6, data(40), 13)
      .raw(fake)
      .raw(after)
      .done();
    expect(lengths(read(file))).toEqual([3, 5]);
  });

  it('in a section header is followed to the next one', () => {
    const broken = new PcapngWriter().section({ version: [9, 9] }).done();
    const file = session()
      .packet({ data: data(3) })
      .raw(broken)
      .raw(after)
      .done();
    const found = read(file);
    expect(lengths(found)).toEqual([3, 5]);
    expect(found.notes[0]!.text).toContain('section header');
  });
});

describe('a file that is cut off', () => {
  const file = session()
    .packet({ data: data(30) })
    .packet({ data: data(31), comment: 'two' })
    .done();

  it('gives what lies before the cut, and says what is missing', () => {
    const ends = [48, 48 + 64, file.length];
    for (let cut = 48; cut <= file.length; cut++) {
      const found = read(file.subarray(0, cut));
      expect(lengths(found)).toEqual([30, 31].slice(0, ends.filter((end) => end <= cut).length - 1));
      if (ends.includes(cut)) expect(found.notes).toEqual([]);
      else {
        const start = ends.filter((end) => end <= cut).at(-1)!;
        expect(found.noteIds).toEqual(['capture/truncated']);
        expect(found.notes[0]).toMatchObject({ offset: start, length: cut - start });
        if (cut - start >= 8) {
          const missing = ends.find((end) => end > cut)! - cut;
          expect(found.notes[0]!.text).toContain(`at offset ${start}, ${missing} byte`);
        }
      }
    }
  });

  it('is found where another file was appended to it', () => {
    const other = session()
      .packet({ data: data(7) })
      .done();
    for (const cut of [5, 20, 50]) {
      const found = read(joined([file.subarray(0, file.length - cut), other]));
      expect(lengths(found)).toEqual([30, 7]);
      expect(found.noteIds).toEqual(['capture/malformed', 'capture/malformed']);
    }
  });
});

describe('a packet block that cannot be used', () => {
  it('is passed over, keeps its number, and is told once and in all', () => {
    const epb = (id: number, captured: number, size = 8): Uint8Array => {
      const body = data(20 + size, 0);
      new DataView(body.buffer).setUint32(0, id, true);
      new DataView(body.buffer).setUint32(12, captured, true);
      return body;
    };
    const file = session()
      .block(6, epb(0, 9))
      .block(6, epb(3, 8))
      .block(6, epb(0, 0xffff_ffff))
      .block(6, data(8))
      .block(2, data(4))
      .block(3, data(0))
      .packet({ data: data(3) })
      .done();
    const found = read(file);
    expect(found.packets.map((p) => p.number)).toEqual([7]);
    expect(found.notes.map((note) => note.text)).toEqual([
      'packet 1 at offset 48 claims 9 captured bytes; it is passed over',
      '6 packet blocks of the section at offset 0 could not be used',
    ]);
  });

  it('is passed over where it is longer than a limit', () => {
    const file = session()
      .packet({ data: data(90) })
      .packet({ data: data(120) })
      .packet({ data: data(400) })
      .simplePacket({ data: data(95) })
      .block(0x99, data(5000))
      .packet({ data: data(10) })
      .done();
    const found = read(file, { packetBytes: 100, blockBytes: 200 });
    expect(found.packets.map((p) => [p.number, p.data.length / 2])).toEqual([
      [1, 90],
      [4, 95],
      [5, 10],
    ]);
    expect(found.noteIds).toEqual(['capture/malformed', 'capture/malformed']);
  });

  it('beyond the limit of blocks is cut off, or has a wrong end, like any other', () => {
    const file = session()
      .packet({ data: data(400) })
      .done();
    for (const cut of [2, 4, 100, file.length - 48 - 9]) {
      const found = read(file.subarray(0, file.length - cut), { blockBytes: 200 });
      expect(found.noteIds).toEqual(['capture/malformed', 'capture/truncated']);
      expect(found.notes[1]).toMatchObject({
        offset: 48,
        length: file.length - 48 - cut,
        text: `the file ends inside the block at offset 48, ${cut} bytes missing`,
      });
    }
    const wrong = session()
      .block(0x99, data(400), 412, 416)
      .packet({ data: data(1) })
      .done();
    expect(read(wrong, { blockBytes: 200 }).notes[0]!.text).toContain('at offset 48 contradicts itself');
  });
});

describe('hostile files', () => {
  it('of interfaces alone stop at the limit', () => {
    const writer = new PcapngWriter().section();
    for (let i = 0; i < 40; i++) writer.interface({ linkType: i });
    writer.packet({ data: data(1), interfaceId: 7 }).packet({ data: data(1), interfaceId: 8 });
    const found = read(writer.done(), { interfaces: 8 });
    expect(found.infos[0]!.linkTypes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(found.packets.map((p) => [p.number, p.linkType])).toEqual([[1, 7]]);
    expect(found.noteIds).toEqual(['capture/limit', 'capture/malformed']);
  });

  it('do not make the reader throw, and every byte that was not read is told', () => {
    const real = readFileSync(new URL('../../captures/nbd/dumpcap-two-interfaces.pcapng', import.meta.url)).subarray(
      0,
      6000,
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5999), fc.nat(255)), { maxLength: 6 }),
        fc.nat(5999),
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 }),
        (damage, cut, chunks) => {
          const file = new Uint8Array(real.subarray(0, 6000 - (cut % 1000)));
          for (const [at, value] of damage) if (at >= 28 && at < file.length) file[at] = value;
          const whole = outcome(file, [file.length]);
          expect(outcome(file, chunks)).toEqual(whole);
        },
      ),
      { numRuns: 400 },
    );
  }, 60_000);

  it('of damaged sections alone are summarised', () => {
    const writer = session().packet({ data: data(1) });
    for (let i = 0; i < 40; i++) writer.block(6, data(8), 5).section();
    const found = read(writer.done(), { findingsPerRule: 10 });
    expect(found.notes).toHaveLength(11);
    expect(found.notes.at(-1)!.text).toBe('and 70 more like these (80 findings in all, limit findingsPerRule)');
  });

  it('of random blocks do not either', () => {
    const block = fc.tuple(fc.integer({ min: 0, max: 11 }), fc.uint8Array({ maxLength: 60 }), fc.option(fc.nat(90)));
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 20 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 100 }),
        (blocks, le, chunk) => {
          const writer = new PcapngWriter().section({ littleEndian: le }).interface();
          for (const [type, body, length] of blocks)
            if (length === null) writer.block(type, body);
            else writer.block(type, body, length);
          const file = writer.done();
          expect(outcome(file, [chunk])).toEqual(outcome(file, [file.length]));
        },
      ),
      { numRuns: 400 },
    );
  }, 60_000);
});

function outcome(file: Uint8Array, chunks: readonly number[]): unknown {
  try {
    return recordChunks(file, 'stream', chunks, { blockBytes: 4000, packetBytes: 3000 }).all;
  } catch (e) {
    expect(String(e)).toMatch(/^NotACapture: pcapng/);
    return String(e);
  }
}
