import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Annotation } from '../../src/base/annotation.js';
import { hexDump } from '../../src/report/hex-dump.js';

const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 0xff);

describe('the annotated hex dump', () => {
  it('has bytes on the left and what they are on the right, nested', () => {
    const fields: Annotation[] = [
      { name: 'magic', at: 0, length: 4, text: '0x25609513' },
      {
        name: 'option',
        at: 4,
        length: 6,
        children: [
          { name: 'type', at: 4, length: 2, value: 7, text: 'GO' },
          { name: 'size', at: 6, length: 4, value: 3 },
        ],
      },
      { name: 'name', at: 10, length: 3, value: 'a"b' },
    ];
    expect(hexDump(bytes.slice(0, 14), 20, fields, { all: false })).toEqual([
      '000000  00 07 0e 15                                       magic  0x25609513',
      '000004                                                    option',
      '000004  1c 23                                               type  GO',
      '000006  2a 31 38 3f                                         size  3',
      '00000a  46 4d 54                                          name  "a\\"b"',
      '00000d  5b',
      '00000e  ...                                               6 more bytes, not shown',
    ]);
  });

  it('shortens long fields unless all of it is wanted', () => {
    const fields: Annotation[] = [{ name: 'data', at: 0, length: 300 }];
    const short = hexDump(bytes, 300, fields, { all: false });
    expect(short).toHaveLength(5);
    expect(short[1]).toContain('|');
    expect(short[4]).toContain('236 more bytes of it (-v shows all)');
    expect(hexDump(bytes, 300, fields, { all: true })).toHaveLength(Math.ceil(300 / 16));
  });

  it('tells rows that repeat by a star', () => {
    const rows = hexDump(new Uint8Array(100), 100, [{ name: 'zeros', at: 0, length: 100 }], { all: false });
    expect(rows.map((r) => r.slice(0, 10).trimEnd())).toEqual(['000000  00', '000010  *', '000060  00']);
  });

  it('shows every byte once, whatever the fields say', () => {
    const field = fc.letrec<{ field: Annotation }>((tie) => ({
      field: fc.record(
        {
          name: fc.string(),
          at: fc.nat(80),
          length: fc.nat(80),
          text: fc.string(),
          children: fc.oneof({ depthSize: 'small' }, fc.constant([]), fc.array(tie('field'), { maxLength: 3 })),
        },
        { requiredKeys: ['name', 'at', 'length'] },
      ),
    })).field;
    fc.assert(
      fc.property(fc.array(field, { maxLength: 4 }), fc.uint8Array({ maxLength: 64 }), (fields, head) => {
        const rows = hexDump(head, head.length, fields, { all: true });
        const shown = rows.flatMap((r) => r.slice(8, 58).match(/\b[0-9a-f]{2}\b/g) ?? []);
        expect(shown).toEqual(Array.from(head, (b) => b.toString(16).padStart(2, '0')));
        for (const r of rows) expect(r).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
