import { deflateRawSync } from 'node:zlib';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { MSG } from '../../src/protocols/ceph/message-types.js';
import { script } from '../../src/protocols/msgr2/script.js';
import { testProperties } from '../kit/properties.js';

const data = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 7) & 0xff);
const deflated = (bytes: Uint8Array) => E.concat(E.u8(0), new Uint8Array(deflateRawSync(bytes)));

const traffic = (revision: 0 | 1) => () =>
  script(revision)
    .login()
    .idents({ lossy: false })
    .message('client', { tid: 1, type: MSG.MON_COMMAND, version: 99, front: data(20) })
    .message('server', { tid: 1, type: MSG.PING, ackSeq: 1, data: data(300) })
    .message('client', { seq: 2, front: data(10), middle: data(5), data: data(6000) })
    .message('server', { seq: 2, front: data(10), aborted: true })
    .message('server', { seq: 3, ackSeq: 2 })
    .value('client', TAG.ACK, 3)
    .keepalive('client', TAG.KEEPALIVE2, 1000)
    .keepalive('server', TAG.KEEPALIVE2_ACK, 1000)
    .end('client')
    .end('server').steps;

testProperties(
  msgr2,
  {
    'revision 1': traffic(1),
    'revision 0': traffic(0),
    resumed: () =>
      script()
        .login()
        .reconnect({ msgSeq: 4 })
        .value('server', TAG.SESSION_RETRY_GLOBAL, 8)
        .reconnect({ msgSeq: 4, globalSeq: 9 })
        .value('server', TAG.SESSION_RECONNECT_OK, 7)
        .message('client', { seq: 8 })
        .message('server', { seq: 5, front: data(40) }).steps,
    refused: () =>
      script()
        .banners()
        .hellos()
        .request()
        .control('server', TAG.AUTH_BAD_METHOD, E.concat(E.u32(2), E.u32(-13), E.vec([E.u32(2)]), E.vec([E.u32(1)])))
        .end('client').steps,
    compressed: () =>
      script()
        .banners({ supported: 3n }, { supported: 3n })
        .hellos()
        .request()
        .challenge()
        .done()
        .signatures()
        .idents()
        .control('client', TAG.COMPRESSION_REQUEST, E.concat(E.u8(1), E.vec([E.u32(2)])))
        .control('server', TAG.COMPRESSION_DONE, E.concat(E.u8(1), E.u32(2)))
        .send('client', E.frame(TAG.MESSAGE, [deflated(E.messageHeader({})), deflated(data(3000))], { flags: 1 }))
        .send('server', E.frame(TAG.MESSAGE, [deflated(E.messageHeader({})), deflated(data(3000))], { flags: 1 }))
        .steps,
  },
  { port: 3300 },
);
