import { afterEach, describe, expect, it } from 'vitest';
import { Clock, type TimeFormat, type Zone } from '../../src/select/clock.js';

const zoneBefore = process.env['TZ'];

afterEach(() => {
  if (zoneBefore === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zoneBefore;
});

/** 2026-11-20 14:31:05.123456789 UTC. */
const SECONDS = 1_795_185_065;
const NANOS = 123_456_789;

function clock(format: TimeFormat, zone: Zone = 'utc'): Clock {
  const c = new Clock(format, zone);
  c.begin(SECONDS, NANOS);
  return c;
}

describe('times', () => {
  it('are told from the first packet on', () => {
    expect(clock('relative').text(SECONDS + 61, NANOS + 1000)).toBe('61.000001');
  });

  it('are told from the line before', () => {
    const c = clock('delta');
    expect([c.text(SECONDS, NANOS + 2000), c.text(SECONDS, NANOS + 5000), c.text(SECONDS, NANOS)]).toEqual([
      '0.000002',
      '0.000003',
      '-0.000005',
    ]);
  });

  it('are told as seconds since 1970', () => {
    expect(clock('epoch').text(SECONDS, 5000)).toBe(`${SECONDS}.000005`);
  });

  it('honour TZ', () => {
    process.env['TZ'] = 'Europe/Berlin';
    const local = clock('absolute', 'local');
    expect(local.start()).toBe('2026-11-20 15:31:05.123456 +01:00');
    expect(local.text(SECONDS, NANOS)).toBe('15:31:05.123456');
    expect(clock('absolute').start()).toBe('2026-11-20 14:31:05.123456 UTC');
    process.env['TZ'] = 'America/St_Johns';
    expect(clock('absolute', 'local').start()).toBe('2026-11-20 11:01:05.123456 -03:30');
  });

  it('say when another day begins', () => {
    const c = clock('absolute');
    expect(c.newDay(SECONDS + 10)).toBeNull();
    expect(c.newDay(SECONDS + 86_400)).toBe('2026-11-21');
    expect(c.newDay(SECONDS + 86_400)).toBeNull();
    expect(clock('relative').newDay(SECONDS + 86_400)).toBeNull();
  });

  it('have no beginning in recordings without times', () => {
    const c = new Clock('relative', 'utc');
    c.begin(0, 0);
    expect(c.start()).toBeNull();
  });

  it('stand hostile time stamps', () => {
    const c = new Clock('absolute', 'utc');
    c.begin(2 ** 60, 999_999_999);
    expect(c.start()).toBe('9999-12-31 23:59:59.999999 UTC');
  });
});
