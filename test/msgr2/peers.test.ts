import { describe, expect, it } from 'vitest';
import { runSteps } from '../../src/engine/example.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { CLIENT_ADDR, script, type Script } from '../../src/protocols/msgr2/script.js';

const NOTHING = new Uint8Array(0);

function loud(s: Script): string[] {
  return runSteps(msgr2, s.steps, { port: 3300 })
    .findings.filter((f) => f.severity !== 'note')
    .map((f) => `${f.rule.id}: ${f.text}`);
}

/** Habits of peers that are all legal: no rule may speak up. */
describe('peers in the wild', () => {
  it('a kernel client requires revision 1, offers a cookie to a lossy server and acknowledges on it', () => {
    const s = script()
      .banners({ supported: 1n, required: 1n }, { supported: 3n })
      .hellos()
      .request()
      .challenge()
      .done()
      .signatures()
      .idents({ lossy: false, cookie: 9n }, { lossy: true, cookie: 0n })
      .message('client')
      .message('server', { ackSeq: 1 })
      .value('client', TAG.ACK, 1);
    expect(loud(s)).toEqual([]);
  });

  it('Quincy and later negotiate compression, mostly to leave it off', () => {
    const s = script()
      .banners({ supported: 3n }, { supported: 3n })
      .hellos()
      .request()
      .challenge()
      .done()
      .signatures()
      .control('client', TAG.COMPRESSION_REQUEST, E.concat(E.u8(0), E.u32(0)))
      .control('server', TAG.COMPRESSION_DONE, E.concat(E.u8(0), E.u32(0)))
      .idents()
      .message('server')
      .message('client');
    expect(loud(s)).toEqual([]);
  });

  it('a server sends its first message in the segment of its ident', () => {
    const s = script().login();
    const both = script().idents({ lossy: false }).steps;
    const [client, server] = both.map((step) => ('bytes' in step ? step.bytes : NOTHING));
    s.send('client', client!)
      .send('server', server!, E.message(), E.message({ seq: 2 }))
      .message('client', { ackSeq: 2 });
    expect(loud(s)).toEqual([]);
  });

  it('a refused client comes back with another method on the same connection', () => {
    const allowed = E.concat(E.u32(4), E.u32(-95), E.vec([E.u32(2)]), E.vec([E.u32(1)]));
    const s = script()
      .banners()
      .hellos()
      .request({ method: 4, payload: E.u8(10) })
      .control('server', TAG.AUTH_BAD_METHOD, allowed)
      .request()
      .challenge()
      .done()
      .signatures()
      .idents();
    expect(loud(s)).toEqual([]);
  });

  it('a session is resumed in several rounds', () => {
    const s = script()
      .openLossless()
      .message('client')
      .message('client', { seq: 2 })
      .message('server', { ackSeq: 1 })
      .end('server', 'reset')
      .reconnected()
      .login()
      .reconnect({ msgSeq: 1 })
      .value('server', TAG.SESSION_RETRY_GLOBAL, 9)
      .reconnect({ msgSeq: 1, globalSeq: 10 })
      .value('server', TAG.SESSION_RETRY, 3)
      .reconnect({ msgSeq: 1, globalSeq: 10, connectSeq: 4 })
      .value('server', TAG.SESSION_RECONNECT_OK, 1)
      .message('client', { seq: 2 })
      .message('client', { seq: 3 })
      .message('server', { seq: 2, ackSeq: 3 });
    expect(loud(s)).toEqual([]);
  });

  it('a daemon that restarted at its old address meets a server that goes on with the old numbers', () => {
    const s = script()
      .banners()
      .hellos({ type: 4 }, { type: 4 })
      .request({ method: 4, payload: E.u8(1) })
      .done({ payload: NOTHING })
      .signatures()
      .idents({ lossy: false, cookie: 77n, addresses: E.addrvec(CLIENT_ADDR) })
      .message('server', { seq: 103, ackSeq: 88 })
      .message('client', { ackSeq: 103 });
    expect(loud(s)).toEqual([]);
  });

  it('addresses of IPv6, of both protocols, and blank ones', () => {
    const v6 = E.concat(E.u16(10), Uint8Array.of(0x0c, 0xe4), E.u32(0), new Uint8Array(15), E.u8(1), E.u32(0));
    const address = E.concat(E.u8(1), Uint8Array.of(1, 1), E.u32(12 + 28), E.u32(2), E.u32(0), E.u32(28), v6);
    const s = script()
      .banners()
      .hellos({ peer: address }, { peer: E.blankAddr() })
      .request()
      .challenge()
      .done()
      .signatures()
      .idents({ target: address }, { addresses: E.addrvec(address, E.addr({ type: 1, port: 6789 })) });
    expect(loud(s)).toEqual([]);
    const hello = runSteps(msgr2, s.steps).messages.find((m) => m.name === 'HELLO')!;
    expect(msgr2.describe(hello, false)).toBe('client  sees v2:[::1]:3300/0');
  });
});
