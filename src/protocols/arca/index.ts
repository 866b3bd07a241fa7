import { messageNames } from './message-names.js';
import { CLIENT, SERVER } from '../../base/input.js';
import type { Annotation } from '../../base/annotation.js';
import { FramedDecoder } from '../../contract/framed-decoder.js';
import type { Protocol } from '../../contract/protocol.js';
import { ArcaFraming } from './decoder/arca-framing.js';
import { Told } from './decoder/told.js';
import { ArcaSession } from './session/arca-session.js';
import { annotateControl, describeControl } from './family-a/annotate.js';
import { annotatePipe, describePipe } from './family-b/annotate.js';
import { annotatePostcard, describePostcard } from './family-c/annotate.js';
import { annotateLegacy } from './family-l/annotate.js';
import type { ArcaMessage } from './messages.js';
import { probeArca } from './probe.js';
import { REDACTION } from './redaction.js';
import { ARCA_RULES } from './rules/index.js';
import { ArcaShared } from './session/shared.js';
import { specUrl } from './spec-url.js';

/** Arca's control traffic: what a guest kernel asks its host for (see generations.ts). */
export const arca: Protocol<ArcaShared, ArcaMessage> = {
  name: 'arca',
  title: 'Arca control protocol (guest kernel to host monitor), all generations',
  nameWidth: 18,
  ports: [],
  rules: ARCA_RULES,
  specUrl,
  messageNames,
  probe: probeArca,
  createShared: () => new ArcaShared(),
  converse(context, output, settings) {
    // if the roles are not known, they are found from the bytes
    const known = context.clientEnd !== null;
    const guest = new Told(known ? 'guest' : null);
    const monitor = new Told(known ? 'monitor' : null);
    return {
      client: new FramedDecoder(CLIENT, output, settings[CLIENT], new ArcaFraming(guest, monitor)),
      server: new FramedDecoder(SERVER, output, settings[SERVER], new ArcaFraming(monitor, guest)),
      session: new ArcaSession(context, output, settings),
    };
  },
  redaction: REDACTION,
  annotate(m): Annotation[] {
    switch (m.family) {
      case 'A':
        return annotateControl(m);
      case 'B':
        return annotatePipe(m);
      case 'C':
        return annotatePostcard(m);
      case 'L':
        return annotateLegacy(m);
    }
  },
  describe(m, verbose): string {
    switch (m.family) {
      case 'A':
        return describeControl(m, verbose);
      case 'B':
        return describePipe(m, verbose);
      case 'C':
        return describePostcard(m, verbose);
      case 'L':
        return '';
    }
  },
};
