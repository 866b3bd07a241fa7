import { versionName } from './constants.js';
import { suiteName } from './suite-names.js';

/** What the handshake of one TLS connection negotiated, as far as it was read. */
export class TlsFacts {
  /** The version and the suite that the server chose; 0 or -1 where not known. */
  version = 0;
  suite = -1;
  serverName: string | null = null;
  alpn: string | null = null;
  alpnOffered: readonly string[] = [];
  helloRetry = false;
  /** TLS 1.3: the server accepted a pre-shared key (an external one, or that of a session ticket). */
  presharedKey = false;
  /** TLS 1.2: the server echoed the client's session id. */
  resumed = false;
  extendedMasterSecret = false;
  encryptThenMac = false;
  earlyData: 'offered' | 'accepted' | 'refused' | null = null;
  clientCertificate: 'asked for' | 'given' | 'not given' | null = null;
  tickets = 0;
  renegotiations = 0;

  /** For the stream event's session. */
  summary() {
    return {
      version: this.version === 0 ? null : versionName(this.version),
      cipherSuite: this.suite < 0 ? null : suiteName(this.suite),
      serverName: this.serverName,
      alpn: this.alpn,
      helloRetryRequest: this.helloRetry,
      presharedKey: this.presharedKey,
      resumed: this.resumed,
      earlyData: this.earlyData,
      clientCertificate: this.clientCertificate,
      encryptThenMac: this.encryptThenMac,
      extendedMasterSecret: this.extendedMasterSecret,
      renegotiations: this.renegotiations,
      tickets: this.tickets,
    };
  }

  /** The same in words, the version first. */
  words(): string[] {
    const to = this.serverName === null ? '' : ` to ${this.serverName}`;
    const words = [`${this.version === 0 ? 'TLS' : versionName(this.version)}${to}`];
    if (this.suite >= 0) words.push(suiteName(this.suite));
    if (this.alpn !== null) words.push(`ALPN ${this.alpn}`);
    if (this.helloRetry) words.push('after a HelloRetryRequest');
    if (this.presharedKey) words.push('pre-shared key');
    if (this.resumed) words.push('resumed');
    if (this.earlyData !== null) words.push(`early data ${this.earlyData}`);
    if (this.clientCertificate !== null) words.push(`client certificate ${this.clientCertificate}`);
    if (this.renegotiations > 0)
      words.push(this.renegotiations === 1 ? 'renegotiated' : `renegotiated ${this.renegotiations} times`);
    return words;
  }
}
