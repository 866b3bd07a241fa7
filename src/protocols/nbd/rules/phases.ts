import { example, rule } from './rule.js';
import {
  ack,
  ALL_FLAGS,
  clientCloses,
  go,
  hello,
  infoBlocks,
  infoData,
  infoExport,
  option,
  READ,
  readAndLeave,
  reply,
  request,
  serverCloses,
} from './session-steps.js';

/** Rules for the phases of a session, and for what may be sent in which. */

const INFO = [option(6, infoData('')), infoBlocks(6), infoExport(6, 1048576, ALL_FLAGS), ack(6)];

export const REQUEST_WHILE_HAGGLING = rule('request-while-haggling', 'error', 'client', 'session', {
  title: 'a request is sent while haggling is not finished',
  meaning:
    'The transmission phase begins when NBD_OPT_GO is acknowledged, or with the answer to NBD_OPT_EXPORT_NAME. NBD_OPT_INFO does not begin it, and after a refused NBD_OPT_GO the session is still in the haggling phase. A server that expects an option does not find the option magic in a request, and may close the connection.',
  spec: 'Option types (INFO/GO)',
  breaks: example('a READ after INFO; the server closes', () => [
    ...hello(),
    ...INFO,
    request(READ, 1, 0, 512),
    serverCloses,
    clientCloses,
  ]),
  keeps: example('INFO, then a refused GO, then one that is acknowledged', () =>
    readAndLeave([...hello(), ...INFO, option(7, infoData('other')), reply(7, 0x80000006), ...go()]),
  ),
});

export const PHASE_RULES = [REQUEST_WHILE_HAGGLING];
