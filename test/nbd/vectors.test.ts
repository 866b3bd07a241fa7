import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { fieldsOf } from '../../src/base/annotation.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';

/** `C:` or `S:`, then hex; `xx*n` repeats a byte, `text'...'` is ASCII. */
function steps(...lines: string[]): Step[] {
  return lines.map((line) => {
    const from = line.startsWith('C') ? 'client' : 'server';
    const bytes: number[] = [];
    for (const word of line.slice(2).trim().split(/\s+/)) {
      const repeat = /^([0-9a-f]{2})\*(\d+)$/.exec(word);
      if (repeat !== null) bytes.push(...Array<number>(Number(repeat[2])).fill(Number.parseInt(repeat[1]!, 16)));
      else bytes.push(...Buffer.from(word, 'hex'));
    }
    return { from, bytes: Uint8Array.from(bytes) };
  });
}

const HELLO = ['S: 4e42444d41474943 49484156454f5054 0003', 'C: 00000003'];
const GO = [
  'C: 49484156454f5054 00000007 00000008 00000000 0001 0003',
  'S: 0003e889045565a9 00000007 00000003 0000000e 0003 00000001 00001000 02000000',
  'S: 0003e889045565a9 00000007 00000003 0000000c 0000 0000000000100000 00ed',
  'S: 0003e889045565a9 00000007 00000001 00000000',
];
const STRUCTURED = ['C: 49484156454f5054 00000008 00000000', 'S: 0003e889045565a9 00000008 00000001 00000000'];
const EXTENDED = ['C: 49484156454f5054 0000000b 00000000', 'S: 0003e889045565a9 0000000b 00000001 00000000'];

interface Decoded {
  readonly name: string;
  readonly length: number;
  readonly fields: Record<string, unknown>;
}

function decode(...lines: string[]): { last: Decoded; rules: string[] } {
  const result = runSteps(nbd, steps(...lines));
  const m = result.messages[result.messages.length - 1]!;
  const rules = result.findings.filter((f) => f.severity !== 'note').map((f) => f.rule.id.slice(4));
  return { last: { name: m.name, length: m.length, fields: fieldsOf(nbd.annotate(m)) }, rules };
}

describe('messages, field by field', () => {
  const structured = [...HELLO, ...STRUCTURED, ...GO];
  const extended = [...HELLO, ...EXTENDED, ...GO];
  const cases: [string, string[], string, number, Record<string, unknown>][] = [
    ['greeting', [HELLO[0]!], 'NBDMAGIC', 18, { style: 'newstyle', flags: ['FIXED_NEWSTYLE', 'NO_ZEROES'] }],
    [
      'oldstyle tail',
      ['S: 4e42444d41474943 0000420281861253 0000000000100000 0000 0005 00*124'],
      'EXPORT_INFO',
      136,
      { exportSize: '1048576', handshakeFlags: [], flags: ['HAS_FLAGS', 'SEND_FLUSH'] },
    ],
    [
      'GO',
      [...HELLO, 'C: 49484156454f5054 00000007 0000000e 00000004 6469736b 0002 0001 0003'],
      'NBD_OPT_GO',
      30,
      { option: 7, length: 14, exportName: 'disk', infos: ['NBD_INFO_NAME', 'NBD_INFO_BLOCK_SIZE'] },
    ],
    [
      'SET_META_CONTEXT',
      [
        ...HELLO,
        ...STRUCTURED,
        'C: 49484156454f5054 0000000a 00000037 00000004 6469736b 00000002 0000000f 626173653a616c6c6f636174696f6e 00000014 71656d753a64697274792d6269746d61703a6230',
      ],
      'NBD_OPT_SET_META_CONTEXT',
      71,
      { option: 10, length: 55, exportName: 'disk', queries: ['base:allocation', 'qemu:dirty-bitmap:b0'] },
    ],
    [
      'SERVER with description',
      [
        ...HELLO,
        'C: 49484156454f5054 00000003 00000000',
        'S: 0003e889045565a9 00000003 00000002 0000000e 00000004 6469736b 6261636b7570',
      ],
      'NBD_REP_SERVER',
      34,
      { option: 3, type: 2, length: 14, exportName: 'disk', description: 'backup' },
    ],
    [
      'INFO NAME',
      [
        ...HELLO,
        'C: 49484156454f5054 00000006 00000008 00000000 0001 0001',
        'S: 0003e889045565a9 00000006 00000003 00000007 0001 64c3af736b',
      ],
      'NBD_REP_INFO',
      27,
      { option: 6, type: 3, length: 7, info: 'NBD_INFO_NAME', exportName: 'dïsk' },
    ],
    [
      'WRITE with FUA',
      [...HELLO, ...GO, 'C: 25609513 0001 0001 0000000000000009 0000000000002000 00000008 776972656c696e74'],
      'NBD_CMD_WRITE',
      36,
      { flags: ['FUA'], type: 1, cookie: '9', offset: '8192', length: 8 },
    ],
    [
      'a huge effect length without payload',
      [...HELLO, ...GO, 'C: 25609513 0012 0006 000000000000000b 0000000000000000 fffff000'],
      'NBD_CMD_WRITE_ZEROES',
      28,
      { flags: ['NO_HOLE', 'FAST_ZERO'], type: 6, cookie: '11', offset: '0', length: 4294963200 },
    ],
    [
      'extended BLOCK_STATUS with payload',
      [
        ...extended,
        'C: 21e41c71 0020 0007 0000000000000010 0000000000001000 000000000000000c 0000000200000000 00000001',
      ],
      'NBD_CMD_BLOCK_STATUS',
      44,
      {
        flags: ['PAYLOAD_LEN'],
        type: 7,
        cookie: '16',
        offset: '4096',
        length: '12',
        effectLength: '8589934592',
        contextIds: [1],
      },
    ],
    [
      'OFFSET_HOLE',
      [...structured, 'S: 668e33ef 0001 0002 0000000000000011 0000000c 0000000000001004 000001fc'],
      'NBD_REPLY_TYPE_OFFSET_HOLE',
      32,
      { flags: ['DONE'], type: 2, cookie: '17', length: 12, offset: '4100', holeSize: 508 },
    ],
    [
      'ERROR_OFFSET: the offset follows the text',
      [
        ...structured,
        'S: 668e33ef 0001 8002 0000000000000011 00000018 00000005 000a 62616420736563746f72 0000000000001100',
      ],
      'NBD_REPLY_TYPE_ERROR_OFFSET',
      44,
      {
        flags: ['DONE'],
        type: 0x8002,
        cookie: '17',
        length: 24,
        error: 'NBD_EIO',
        message: 'bad sector',
        offset: '4352',
      },
    ],
    [
      'extended OFFSET_DATA: the header repeats the offset of the request',
      [...extended, 'S: 6e8a278c 0001 0001 0000000000000013 0000000000000200 000000000000000a 0000000000000300 0102'],
      'NBD_REPLY_TYPE_OFFSET_DATA',
      42,
      { flags: ['DONE'], type: 1, cookie: '19', requestOffset: '512', length: '10', offset: '768' },
    ],
    [
      'BLOCK_STATUS_EXT',
      [
        ...extended,
        'S: 6e8a278c 0001 0006 0000000000000010 0000000000001000 0000000000000028 00000001 00000002 0000000100000000 0000000000000000 0000000100000000 0000000000000003',
      ],
      'NBD_REPLY_TYPE_BLOCK_STATUS_EXT',
      72,
      {
        flags: ['DONE'],
        type: 6,
        cookie: '16',
        requestOffset: '4096',
        length: '40',
        contextId: 1,
        extentCount: 2,
        extents: [
          { length: '4294967296', status: '0', meaning: '0x0' },
          { length: '4294967296', status: '3', meaning: '0x3' },
        ],
      },
    ],
  ];
  for (const [title, lines, name, length, fields] of cases) {
    it(title, () => {
      const { last } = decode(...lines);
      expect(last).toEqual({ name, length, fields });
    });
  }
});

describe('malformed messages', () => {
  const structured = [
    ...HELLO,
    ...STRUCTURED,
    ...GO,
    'C: 25609513 0000 0000 0000000000000014 0000000000000000 00000200',
  ];
  const cases: [string, string[], string[]][] = [
    ['LIST with data', [...HELLO, 'C: 49484156454f5054 00000003 00000001 78'], ['option-data-forbidden']],
    [
      'a name that overruns',
      [...HELLO, 'C: 49484156454f5054 00000007 00000008 00000003 6100 0000'],
      ['go-name-overruns'],
    ],
    ['NONE without DONE', [...structured, 'S: 668e33ef 0000 0000 0000000000000014 00000000'], ['none-without-done']],
    [
      'OFFSET_DATA without data',
      [...structured, 'S: 668e33ef 0001 0001 0000000000000014 00000008 0000000000000000'],
      ['offset-data-too-short', 'read-incomplete'],
    ],
    [
      'a message that overruns',
      [...structured, 'S: 668e33ef 0001 8001 0000000000000014 0000000b 00000005 00c8 73686f7274'],
      ['error-message-overruns'],
    ],
    [
      'three wrong sizes',
      [
        ...HELLO,
        'C: 49484156454f5054 00000006 00000008 00000000 0001 0003',
        'S: 0003e889045565a9 00000006 00000003 0000000e 0003 00000003 00000100 00000080',
      ],
      ['block-size-not-power-of-two', 'preferred-block-too-small', 'max-payload-below-preferred'],
    ],
    ['client flag 2', [HELLO[0]!, 'C: 00000007'], ['client-unknown-flag']],
    [
      'an extended WRITE without PAYLOAD_LEN',
      [...HELLO, ...EXTENDED, ...GO, 'C: 21e41c71 0000 0001 0000000000000017 0000000000000000 0000000000000004'],
      ['write-without-payload-len'],
    ],
    [
      'offset plus length beyond 64 bits',
      [...HELLO, ...GO, 'C: 25609513 0000 0000 000000000000000d fffffffffffffe00 00000400'],
      ['request-beyond-export'],
    ],
  ];
  for (const [title, lines, rules] of cases) {
    it(title, () => {
      const found = decode(...lines).rules.filter((r) => r !== 'send-df-without-structured');
      expect(found.sort()).toEqual([...rules].sort());
    });
  }
});

describe('sessions', () => {
  it('interleaved chunks, no violations', () => {
    const result = runSteps(
      nbd,
      steps(
        ...HELLO,
        ...STRUCTURED,
        'C: 49484156454f5054 0000000a 0000001b 00000000 00000001 0000000f 626173653a616c6c6f636174696f6e',
        'S: 0003e889045565a9 0000000a 00000004 00000013 00000000 626173653a616c6c6f636174696f6e',
        'S: 0003e889045565a9 0000000a 00000001 00000000',
        ...GO.slice(0, 2),
        'S: 0003e889045565a9 00000007 00000003 0000000c 0000 0000000000010000 00ed',
        GO[3]!,
        'C: 25609513 0000 0000 0000000000000001 0000000000000000 00000400',
        'C: 25609513 0000 0003 0000000000000002 0000000000000000 00000000',
        'C: 25609513 0000 0007 0000000000000003 0000000000000000 00010000',
        'S: 668e33ef 0000 0002 0000000000000001 0000000c 0000000000000200 00000200',
        'S: 67446698 00000000 0000000000000002',
        'S: 668e33ef 0001 0005 0000000000000003 0000000c 00000000 00010000 00000003',
        'S: 668e33ef 0000 0001 0000000000000001 00000208 0000000000000000 41*512',
        'S: 668e33ef 0001 0000 0000000000000001 00000000',
        'C: 25609513 0000 0002 0000000000000004 0000000000000000 00000000',
      ),
    );
    expect(result.findings.filter((f) => f.severity !== 'note').map((f) => f.text)).toEqual([]);
    expect(result.streams[0]!.bytes).toEqual([199, 823]);
    expect(result.streams[0]!.contextFree).toEqual([true, true]);
  });

  it('a payload that imitates a simple reply', () => {
    const result = runSteps(
      nbd,
      steps(
        HELLO[0]!,
        'C: 00000001',
        'C: 49484156454f5054 00000001 00000001 64',
        'S: 0000000000001000 0001 00*124',
        'C: 25609513 0000 0000 0000000000000001 0000000000000000 00000200',
        'C: 25609513 0000 0000 0000000000000002 0000000000000200 00000010',
        'S: 67446698 00000000 0000000000000002 67446698000000000000000000000001',
        'S: 67446698 00000005 0000000000000001',
        'C: 25609513 0000 0002 0000000000000003 0000000000000000 00000000',
      ),
    );
    const rules = result.findings.filter((f) => f.severity !== 'note').map((f) => f.rule.id);
    expect(rules).toEqual(['nbd/export-name-without-go']);
    const replies = result.messages.filter((m) => m.name === 'NBD_SIMPLE_REPLY');
    expect(replies.map((m) => m.length)).toEqual([32, 16]);
    expect(replies[0]!.hinted).toBe(true);
  });

  it('several violations, each at its message', () => {
    const result = runSteps(
      nbd,
      steps(
        ...HELLO,
        ...STRUCTURED,
        'C: 49484156454f5054 00000007 00000006 00000000 0000',
        'S: 0003e889045565a9 00000007 00000003 0000000c 0000 0000000000010000 0001',
        GO[3]!,
        'C: 25609513 0000 0004 0000000000000001 0000000000000000 00000200',
        'C: 25609513 0000 0000 0000000000000002 0000000000000000 00000400',
        'C: 25609513 0000 0000 0000000000000002 000000000000fe00 00000400',
        'S: 67446698 00000016 0000000000000001',
        'S: 668e33ef 0000 0001 0000000000000002 00000208 0000000000000000 42*512',
        'S: 668e33ef 0000 0001 0000000000000002 00000208 0000000000000100 42*512',
        'S: 668e33ef 0001 0000 0000000000000002 00000000',
        'S: 668e33ef 0001 0000 0000000000000002 00000000',
        'S: 668e33ef 0001 0000 0000000000000009 00000000',
        'C: 25609513 0000 0002 0000000000000003 0000000000000000 00000000',
        'C: 25609513 0000 0000 0000000000000004 0000000000000000 00000200',
      ),
    );
    const rules = result.findings.filter((f) => f.severity !== 'note').map((f) => f.rule.id.slice(4));
    expect(rules.sort()).toEqual(
      [
        'bad-request-accepted',
        'chunk-overlap',
        'command-not-negotiated',
        'cookie-reused-in-flight',
        'data-after-disc',
        'error-not-structured',
        'read-incomplete',
        'read-incomplete',
        'reply-unknown-cookie',
        'request-beyond-export',
      ].sort(),
    );
  });

  it('a simple header in an extended session', () => {
    const result = runSteps(
      nbd,
      steps(
        ...HELLO,
        ...EXTENDED,
        'C: 49484156454f5054 0000000a 0000001c 00000001 64 00000001 0000000f 626173653a616c6c6f636174696f6e',
        'S: 0003e889045565a9 0000000a 00000004 00000013 00000007 626173653a616c6c6f636174696f6e',
        'S: 0003e889045565a9 0000000a 00000001 00000000',
        'C: 49484156454f5054 00000007 00000009 00000001 64 0001 0003',
        'S: 0003e889045565a9 00000007 00000003 0000000c 0000 0000010000000000 10ed',
        GO[1]!,
        GO[3]!,
        'C: 21e41c71 0020 0001 0000000000000001 0000000000001000 0000000000000004 64617461',
        'C: 21e41c71 0020 0007 0000000000000002 0000000000000000 000000000000000c 0000010000000000 00000007',
        'S: 6e8a278c 0001 0006 0000000000000002 0000000000000000 0000000000000018 00000007 00000001 0000010000000000 0000000000000003',
        'S: 6e8a278c 0001 0000 0000000000000001 0000000000001000 0000000000000000',
        'C: 21e41c71 0000 0000 0000000000000003 0000000000000000 0000000000000200',
        'S: 67446698 00000016 0000000000000003',
        'C: 21e41c71 0000 0002 0000000000000004 0000000000000000 0000000000000000',
      ),
    );
    expect(result.findings.filter((f) => f.severity !== 'note').map((f) => f.rule.id)).toEqual([
      'nbd/reply-header-mode',
    ]);
    expect(result.streams[0]!.bytes).toEqual([233, 287]);
  });

  it('STARTTLS, then a fatal alert', () => {
    const result = runSteps(
      nbd,
      steps(
        ...HELLO,
        'C: 49484156454f5054 00000003 00000000',
        'S: 0003e889045565a9 00000003 80000005 00000009 544c53206669727374',
        'C: 49484156454f5054 00000005 00000000',
        'S: 0003e889045565a9 00000005 00000001 00000000',
        'C: 16 0301 0004 01000000',
        'S: 15 0303 0002 0228',
      ),
    );
    expect(result.findings.filter((f) => f.severity !== 'note')).toEqual([]);
    expect(result.skipped.map((x) => x.opaque)).toEqual([0, 0]);
    expect(result.streams[0]!.tlsOverhead).toEqual([9, 7]);
  });
});
