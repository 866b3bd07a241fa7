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
  title: 'a request of the transmission phase while haggling goes on',
  meaning:
    'Transmission begins when NBD_OPT_GO is acknowledged, or with the answer to NBD_OPT_EXPORT_NAME. NBD_OPT_INFO only informs, and a refused NBD_OPT_GO leaves the session in haggling. A server that waits for an option finds no option magic in a request and closes the connection: that is its right.',
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
