import { describe, expect, it } from 'vitest';
import { unhex } from '../../src/base/hex.js';
import { KeyLog } from '../../src/tls/key-log.js';

const RANDOM = 'ab'.repeat(32);
const MASTER = 'cd'.repeat(48);
const SECRET = 'ef'.repeat(32);

function logOf(text: string, limit = 10): KeyLog {
  const log = new KeyLog(limit);
  log.add(text, 'x');
  return log;
}

describe('a key log', () => {
  it('is read with CRLF, a byte order mark, comments, blank lines, odd spacing and upper case', () => {
    const log = logOf(
      `\uFEFF# comment\r\n\r\n  client_random\t ${RANDOM.toUpperCase()}   ${MASTER.toUpperCase()}  \r\nSERVER_TRAFFIC_SECRET_0 ${RANDOM} ${SECRET}`,
    );
    const secrets = log.find(unhex(RANDOM))!;
    expect(secrets.get('CLIENT_RANDOM')).toEqual(Buffer.from(MASTER, 'hex'));
    expect(secrets.get('SERVER_TRAFFIC_SECRET_0')).toEqual(Buffer.from(SECRET, 'hex'));
    expect([...log.badLines]).toEqual([]);
  });

  it('counts what is no line of a key log, and reads over labels that it does not know', () => {
    const log = logOf(
      `; no comment\nCLIENT_RANDOM 00 11\nCLIENT_RANDOM ${'zz'.repeat(32)} ${MASTER}\nFUTURE ${RANDOM} ${SECRET}\nRSA 0102030405060708 ${MASTER}\n`,
    );
    expect(log.badLines.get('x')).toBe(3);
    expect(log.size).toBe(0);
  });

  it('keeps no more sessions than the limit says', () => {
    const line = (i: number): string => `CLIENT_RANDOM ${i.toString(16).padStart(64, '0')} ${MASTER}\n`;
    const log = logOf([1, 2, 3, 4].map(line).join(''), 2);
    expect([log.size, log.dropped]).toEqual([2, 2]);
  });
});
