import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps, type StepOptions } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import {
  ack,
  client,
  clientCloses,
  fill,
  greeting,
  hello,
  option,
  reply,
  server,
  serverCloses,
  starttls,
  structured,
  tlsRecord,
  u16,
  u8,
} from '../../src/protocols/nbd/rules/session-steps.js';

const clientHello = client(tlsRecord(22, u8(1), fill(60, 0)));
const serverHello = server(
  tlsRecord(22, u8(2), fill(3, 0), u16(0x0303), fill(32, 7), u8(0), u16(0xc02f), u8(0), u16(0)),
);
const closed = [clientCloses, serverCloses];

function said(steps: readonly Step[], options: StepOptions = {}): string[] {
  return runSteps(nbd, steps, options).findings.map((f) => `${f.rule.id} ${f.severity}`);
}

describe('where TLS begins', () => {
  it('is at the first encrypted record, not at the acknowledgement in front of it', () => {
    const agreed = runSteps(nbd, [...hello(), ...starttls(), ...closed]);
    expect(agreed.findings.map((f) => f.rule.id)).toEqual([]);
    const sealed = client(tlsRecord(23, fill(40)));
    const begun = runSteps(nbd, [...hello(), ...starttls(), clientHello, serverHello, sealed, ...closed]);
    const opaque = begun.findings.find((f) => f.rule.id === 'capture/opaque')!;
    // flags 4, option 16, then the ClientHello in clear
    expect([opaque.side, opaque.offset]).toEqual([0, 20 + clientHello.bytes.length]);
    expect(opaque.packet).toBe(8);
  });

  it('may be behind an option that was sent without waiting: the ClientHello was due', () => {
    const steps = [...hello(), option(5), option(8), ack(5), clientHello, serverHello, ...closed];
    expect(said(steps).filter((s) => s.endsWith('error'))).toEqual(['nbd/starttls-pipelined-bytes error']);
  });

  it('may be behind a second NBD_OPT_STARTTLS, the first of which was refused', () => {
    const steps = [
      ...hello(),
      option(5),
      reply(5, 0x80000002),
      ...structured(),
      ...starttls(),
      clientHello,
      serverHello,
    ];
    expect(said([...steps, ...closed]).filter((s) => s.endsWith('error'))).toEqual([]);
  });

  it('is not where nobody asked for it; the finding says what the bytes look like', () => {
    const { findings } = runSteps(nbd, [...hello(), ...structured(), clientHello]);
    const bad = findings.filter((f) => f.rule.id === 'nbd/bad-option-magic');
    expect(bad.map((f) => f.text)).toEqual([
      expect.stringMatching(/TLS record, although NBD_OPT_STARTTLS was not sent/),
    ]);
  });
});

describe('a handshake of TLS that fails', () => {
  it('shows the alert, of either side, and nothing else is wrong', () => {
    const alert = tlsRecord(21, u8(2), u8(48));
    const byServer = runSteps(nbd, [...hello(), ...starttls(), clientHello, server(alert), ...closed]);
    const byClient = runSteps(nbd, [...hello(), ...starttls(), clientHello, serverHello, client(alert), ...closed]);
    for (const { findings } of [byServer, byClient]) {
      const alerts = findings.filter((f) => f.rule.id === 'nbd/tls-alert');
      expect(alerts.map((f) => f.text)).toEqual(['fatal: unknown_ca']);
      expect(findings.filter((f) => f.severity !== 'note')).toEqual([]);
    }
  });
});

describe('TLS from the first byte', () => {
  const tunnel = [clientHello, serverHello, client(tlsRecord(23, fill(40))), ...closed];

  it('on the port of NBD is a tunnel, said once for both directions', () => {
    for (const chop of [1, 5, 1000]) expect(said(tunnel, { chop })).toEqual(['nbd/tls-from-start note']);
    expect(said(tunnel, { oneSided: 'client' })).toEqual(['nbd/tls-from-start note', 'capture/one-sided note']);
    expect(said(tunnel, { oneSided: 'server' })).toEqual(['nbd/tls-from-start note', 'capture/one-sided note']);
  });

  it('also where the server answers with nothing but an alert', () => {
    const steps = [clientHello, server(tlsRecord(21, u8(2), u8(70))), ...closed];
    expect(said(steps)).toEqual(['nbd/tls-from-start note', 'nbd/tls-alert note']);
  });

  it('on another port is nobody knows what', () => {
    expect(said(tunnel, { port: 443 })).toEqual([]);
    expect(runSteps(nbd, tunnel, { port: 443 }).streams[0]!.protocol).toBeNull();
  });

  it('met by a greeting in clear is said to be a client that expects a tunnel', () => {
    const { findings } = runSteps(nbd, [greeting(), clientHello]);
    expect(findings.map((f) => f.text)).toEqual([expect.stringMatching(/expects TLS from the first byte/)]);
  });
});
