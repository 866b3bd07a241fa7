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
  title: 'NBD_OPT_STARTTLS is sent inside TLS',
  meaning:
    'TLS can be started only once in a connection. A client that asks for it again has lost track of the state of the session, and may be wrong about what is protected.',
  spec: CLIENT_SIDE,
  breaks: sealed('STARTTLS, and STARTTLS inside TLS', () => [option(5), reply(5, INVALID), ...abort()]),
  keeps: sealed('STARTTLS once', abort),
});

export const STARTTLS_REPEATED_NOT_INVALID = rule('starttls-repeated-not-invalid', 'error', 'server', 'server', {
  title: 'NBD_OPT_STARTTLS inside TLS is not answered with NBD_REP_ERR_INVALID',
  meaning:
    'A server must answer NBD_OPT_STARTTLS inside TLS with NBD_REP_ERR_INVALID. An acknowledgement would announce a second TLS handshake inside the first session, which no implementation supports.',
  spec: 'Server-side requirements',
  breaks: sealed('STARTTLS inside TLS is unsupported', () => [option(5), reply(5, UNSUP), ...abort()]),
  keeps: sealed('STARTTLS once', abort),
  also: ['starttls-repeated'],
});

export const TLS_REQD_INSIDE_TLS = rule('tls-reqd-inside-tls', 'error', 'server', 'server', {
  title: 'the server requires TLS although TLS is active',
  meaning:
    'NBD_REP_ERR_TLS_REQD asks the client to start TLS, which it has done, so it cannot proceed. The usual cause is a server that checks whether its configuration requires TLS, but not whether the connection already uses it.',
  spec: 'FORCEDTLS mode',
  breaks: sealed('LIST inside TLS requires TLS', () => [option(3), reply(3, TLS_REQD), ...abort()]),
  keeps: sealed('LIST inside TLS is served', () => [option(3), ack(3), ...abort()]),
});

export const STATE_KEPT_ACROSS_STARTTLS = rule('state-kept-across-starttls', 'error', 'server', 'server', {
  title: 'state that was negotiated in clear text still applies inside TLS',
  meaning:
    'NBD_OPT_STARTTLS resets everything that was agreed on before it: structured replies, extended headers and metadata contexts have to be negotiated again inside TLS. If a server keeps them, an attacker in the middle can negotiate them on behalf of a client that does not know of it, and the session breaks at the first reply in a form that the client did not ask for (CVE-2021-3716 of nbdkit).',
  spec: 'Option types',
  breaks: sealed(
    'STRUCTURED_REPLY in clear text, and a structured reply inside TLS',
    () => structuredReadAndLeave(go()),
    structured,
  ),
  keeps: sealed('STRUCTURED_REPLY inside TLS', () => structuredReadAndLeave([...structured(), ...go()])),
  also: ['stateful-before-starttls'],
});

export const TLS_WITHOUT_CLOSE_NOTIFY = rule('tls-without-close-notify', 'note', 'either', 'either', {
  title: 'a side closes the connection without ending TLS',
  meaning:
    'The side that closes first has to send the alert close_notify before (RFC 8446, 6.1): the alert is protected, whereas an attacker in the middle can forge the end of a TCP connection. NBD requires it as well: a server must send it after NBD_CMD_DISC, and a side that closes for another reason should. Several implementations omit it. It does no harm where the client has ended the session with NBD_CMD_DISC or NBD_OPT_ABORT.',
  spec: 'Terminating the transmission phase',
  breaks: sealed('the client closes after DISC', () => readAndLeave(go()), undefined, false),
  keeps: sealed('close_notify after DISC', () => readAndLeave(go())),
});

export const INSIDE_TLS_RULES = [
  STARTTLS_REPEATED,
  STARTTLS_REPEATED_NOT_INVALID,
  TLS_REQD_INSIDE_TLS,
  STATE_KEPT_ACROSS_STARTTLS,
  TLS_WITHOUT_CLOSE_NOTIFY,
];
