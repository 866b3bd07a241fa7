import { describe, expect, it } from 'vitest';
import { PatchedFile } from '../../src/rewrite/patched-file.js';
import { Pseudonyms } from '../../src/rewrite/pseudonyms.js';
import { RedactedDirection } from '../../src/rewrite/redacted-direction.js';
import type { RandomFile } from '../../src/rewrite/sparse-file.js';

const make = (key = 'k', most = 1000): Pseudonyms => new Pseudonyms(Buffer.from(key), most);

describe('pseudonyms', () => {
  it('keep length and form, and are the same for the same key only', () => {
    const text = 'rbd_data.5F1a-Müller/日本/😀 \0x';
    const other = make().text(text);
    expect(Buffer.byteLength(other)).toBe(Buffer.byteLength(text));
    expect(other).toMatch(/^[a-z]{3}_[a-z]{4}\.\d[A-Z]\d[a-z]-[A-Z][à-ö][a-z]{4}\/..\/. \0[a-z]$/u);
    expect(make().text(text)).toBe(other);
    expect(make('another').text(text)).not.toBe(other);
    for (const word of ['data', 'Müller', '日本']) expect(other).not.toContain(word);
  });

  it('keep different things apart', () => {
    const names = Array.from({ length: 500 }, (_, i) => `host${String(i).padStart(3, '0')}`);
    const p = make();
    expect(new Set(names.map((n) => p.text(n))).size).toBe(500);
    for (const n of names) expect(p.text(n)).not.toBe(n);
  });

  it('may share names beyond redactNames', () => {
    const names = Array.from({ length: 20 }, (_, i) => `host${i}`);
    const few = make('k', 3);
    for (const n of names) few.text(n);
    expect(Object.keys(few.table)).toHaveLength(3);
  });

  it('leave it that bytes are no text, and addresses of nobody in particular', () => {
    const bytes = Uint8Array.of(0x61, 0xfe, 0x62, 0, 0x63);
    make().rename(bytes);
    expect([bytes[1], bytes[3]]).toEqual([0xff, 0]);
    const p = make();
    for (const a of [
      [127, 0, 0, 1],
      [0, 0, 0, 0],
      [224, 0, 0, 1],
    ])
      expect([...p.address(Uint8Array.from(a))]).toEqual(a);
    const hosts = Array.from({ length: 300 }, (_, i) => p.address(Uint8Array.of(192, 168, i >> 8, i & 255)));
    expect(hosts.every((h) => h[0] === 10)).toBe(true);
    expect(new Set(hosts.map((h) => h.join('.'))).size).toBe(300);
  });
});

class Memory implements RandomFile {
  private bytes = new Uint8Array(1 << 16);
  length = 0;
  write(position: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, position);
    this.length = Math.max(this.length, position + bytes.length);
  }
  read(position: number, length: number): Uint8Array {
    return this.bytes.slice(position, position + length);
  }
  truncate(length: number): void {
    this.length = length;
  }
}

describe('a direction that is rewritten', () => {
  const start = (most: number) => {
    const file = new PatchedFile(new Memory());
    file.append(new Uint8Array(64));
    return { file, direction: new RedactedDirection(file, most) };
  };
  const packet = () => ({ payload: 0, seal: () => undefined });
  const said = Uint8Array.of(1, 2, 3, 4);

  it('has the same bytes in every copy of a segment, and others where a copy differed', () => {
    const { file, direction } = start(100);
    direction.carry({ offset: 0, length: 4, at: 0, shift: 0, packet: packet() }, said);
    direction.deliver(said, 0, 4);
    direction.rewrite(0, said, Uint8Array.of(9, 9, 9, 9));
    direction.carry({ offset: 0, length: 4, at: 8, shift: 0, packet: packet() }, said);
    direction.carry({ offset: 0, length: 4, at: 16, shift: 0, packet: packet() }, Uint8Array.of(1, 2, 7, 4));
    expect([...file.read(0, 4)]).toEqual([9, 9, 9, 9]);
    expect([...file.read(8, 4)]).toEqual([9, 9, 9, 9]);
    expect([...file.read(16, 4)]).toEqual([9, 9, 9 ^ 0xff, 9]);
  });

  it('gives up what is held: redactBytes', () => {
    const { direction } = start(6);
    direction.deliver(said, 0, 4);
    direction.deliver(said, 0, 4);
    expect([direction.has(0, 4), direction.has(4, 4), direction.dropped]).toEqual([false, true, 4]);
  });
});
