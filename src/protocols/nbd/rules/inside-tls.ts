import type { Example, Step } from '../../../base/rule.js';
import { SealedSession } from '../../../tls/sealed-session.js';
import { example, rule } from './rule.js';
import {
  ack,
  clientCloses,
  go,
  hello,
  option,
  readAndLeave,
  reply,
  serverCloses,
  starttls,
  structured,
  structuredReadAndLeave,
} from './session-steps.js';

/** Rules for NBD inside TLS that NBD_OPT_STARTTLS began. Only a key log makes it visible. */

const CLIENT_SIDE = 'Client-side requirements';
const UNSUP = 0x80000001;
const INVALID = 0x80000003;
const TLS_REQD = 0x80000005;

const abort = () => [option(2), ack(2)];

/**
 * An example: options in clear, NBD_OPT_STARTTLS, and `inside` within TLS (without its closing steps). Then the client closes; `bye`: with
 * close_notify.
 */
function sealed(
  text: string,
  inside: () => readonly Step[],
  clear: () => readonly Step[] = () => [],
  bye = true,
): Example {
  const steps = (): Step[] => {
    const tls = new SealedSession();
    const open = [...hello(), ...clear(), ...starttls(), ...tls.open()];
    const said = tls.sealAll(inside().filter((step) => 'bytes' in step));
    return [...open, ...said, ...(bye ? [tls.closeNotify('client')] : []), clientCloses, serverCloses];
  };
  return {
    ...example(text, steps),
    // computed only when it is read: that takes cryptography, which is slow to load
    get keyLog() {
      return new SealedSession().keyLog;
    },
  };
}

export const STARTTLS_REPEATED = rule('starttls-repeated', 'error', 'client', 'client', {
  title: 'NBD_OPT_STARTTLS inside TLS',
  meaning:
    'TLS begins once a connection and is never begun inside itself. A client that asks again has lost track of what it did: its picture of what is protected may be as wrong.',
  spec: CLIENT_SIDE,
  breaks: sealed('STARTTLS, and STARTTLS inside TLS', () => [option(5), reply(5, INVALID), ...abort()]),
  keeps: sealed('STARTTLS once', abort),
});

export const STARTTLS_REPEATED_NOT_INVALID = rule('starttls-repeated-not-invalid', 'error', 'server', 'server', {
  title: 'NBD_OPT_STARTTLS inside TLS is not answered with NBD_REP_ERR_INVALID',
  meaning:
    'A server must answer NBD_OPT_STARTTLS inside TLS with NBD_REP_ERR_INVALID. An acknowledgement would announce a handshake inside the session that is already protected, which nobody implements.',
  spec: 'Server-side requirements',
  breaks: sealed('STARTTLS inside TLS is unsupported', () => [option(5), reply(5, UNSUP), ...abort()]),
  keeps: sealed('STARTTLS once', abort),
  also: ['starttls-repeated'],
});

export const TLS_REQD_INSIDE_TLS = rule('tls-reqd-inside-tls', 'error', 'server', 'server', {
  title: 'TLS is required of a client that is inside TLS',
  meaning:
    'NBD_REP_ERR_TLS_REQD asks the client to begin TLS, which it has done: there is nothing that it could do about it. Servers get there by asking the configuration whether TLS is required, and not the connection whether it has begun.',
  spec: 'FORCEDTLS mode',
  breaks: sealed('LIST inside TLS requires TLS', () => [option(3), reply(3, TLS_REQD), ...abort()]),
  keeps: sealed('LIST inside TLS is served', () => [option(3), ack(3), ...abort()]),
});

export const STATE_KEPT_ACROSS_STARTTLS = rule('state-kept-across-starttls', 'error', 'server', 'server', {
  title: 'what was negotiated in clear still holds inside TLS',
  meaning:
    'NBD_OPT_STARTTLS resets everything that was agreed on before it: structured replies, extended headers and metadata contexts have to be negotiated again inside TLS. A server that keeps them lets somebody in the middle negotiate for a client that never hears of it, and the session breaks at the first reply in a form that the client did not ask for (CVE-2021-3716 of nbdkit).',
  spec: 'Option types',
  breaks: sealed(
    'STRUCTURED_REPLY in clear, and a structured reply inside TLS',
    () => structuredReadAndLeave(go()),
    structured,
  ),
  keeps: sealed('STRUCTURED_REPLY inside TLS', () => structuredReadAndLeave([...structured(), ...go()])),
  also: ['stateful-before-starttls'],
});

export const TLS_WITHOUT_CLOSE_NOTIFY = rule('tls-without-close-notify', 'note', 'either', 'either', {
  title: 'a side closes the connection without ending TLS',
  meaning:
    'Whoever closes first has to send the alert close_notify before (RFC 8446, 6.1): only that alert is protected, and anybody in the middle can make up the end of a TCP connection. NBD asks for it as well, of a server after NBD_CMD_DISC (must) and of whoever hangs up (should). Several implementations leave it out. Where the client has said goodbye with NBD_CMD_DISC or NBD_OPT_ABORT nothing is lost by it.',
  spec: 'Terminating the transmission phase',
  breaks: sealed('the client closes behind DISC', () => readAndLeave(go()), undefined, false),
  keeps: sealed('close_notify behind DISC', () => readAndLeave(go())),
});

export const INSIDE_TLS_RULES = [
  STARTTLS_REPEATED,
  STARTTLS_REPEATED_NOT_INVALID,
  TLS_REQD_INSIDE_TLS,
  STATE_KEPT_ACROSS_STARTTLS,
  TLS_WITHOUT_CLOSE_NOTIFY,
];
