import { TAG } from '../../src/protocols/msgr1/constants.js';
import * as E from '../../src/protocols/msgr1/encode.js';
import { msgr1 } from '../../src/protocols/msgr1/index.js';
import { script } from '../../src/protocols/msgr1/script.js';
import { MSG } from '../../src/protocols/ceph/message-types.js';
import { testProperties } from '../kit/properties.js';

const data = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 7) & 0xff);
const question = { type: MSG.MON_GET_VERSION, front: E.getVersion() };

testProperties(msgr1, {
  traffic: () =>
    script()
      .open()
      .send('client', E.keepalive(TAG.KEEPALIVE2, 1_700_000_000))
      .message('client', { ...question, tid: 1 })
      .send('server', E.keepalive(TAG.KEEPALIVE2_ACK, 1_700_000_000), E.ack(1))
      .message('server', { tid: 1, front: data(40), data: data(3000) })
      .message('client', { seq: 2, middle: data(5), data: data(600) })
      .send('client', E.ack(1), E.u8(TAG.KEEPALIVE), E.u8(TAG.CLOSE))
      .end('client')
      .end('server').steps,
  'footers without a signature': () =>
    script()
      .greet()
      .connect({ features: 0x4a42n })
      .reply({})
      .message('client', { ...question, old: true })
      .message('server', { front: data(20), old: true })
      .message('server', { seq: 2, data: data(90), old: true })
      .send('server', E.ack(1)).steps,
  resumed: () =>
    script()
      .resume([7, 14])
      .message('server', { seq: 8, front: data(20) })
      .message('client', { ...question, seq: 15 }).steps,
  challenged: () =>
    script()
      .greet()
      .connect({ authorizer: data(178) })
      .reply({ tag: TAG.CHALLENGE_AUTHORIZER, authorizer: data(40) })
      .connect({ authorizer: data(200) })
      .reply({ authorizer: data(36) })
      .message('client', question).steps,
  refused: () =>
    script()
      .greet()
      .connect({ authorizer: data(20) })
      .reply({ tag: TAG.BADAUTHORIZER })
      .end('server').steps,
});
