import { describe, expect, it } from 'vitest';
import { TcpScript } from '../kit/tcp-script.js';

const START = 1_700_000_000;

/** A client that sends `def` and gets no acknowledgement, again and again. */
function unanswered(copies: number): TcpScript {
  const script = new TcpScript().handshake().client('abc').server('x', { ack: 3 });
  for (let n = 0; n <= copies; n++) script.client('def', { at: 3, ack: 1, seconds: START + n });
  return script;
}

describe('a segment that is sent again', () => {
  it('without an acknowledgement is counted, with its place', () => {
    const [client, server] = unanswered(9).log.connection.unacknowledged!;
    expect(client).toMatchObject({ offset: 3, length: 3, times: 9 });
    expect(server).toBeNull();
  });

  it('is no longer one when it is acknowledged', () => {
    const script = unanswered(4).server('', { at: 1, ack: 6 });
    expect(script.log.connection.unacknowledged).toEqual([null, null]);
  });

  it('that the peer had acknowledged before is none', () => {
    const script = new TcpScript().handshake().client('abc').server('', { ack: 3 });
    script.client('abc', { seconds: START + 1 }).client('abc', { seconds: START + 2 });
    expect(script.log.connection.unacknowledged).toEqual([null, null]);
  });

  it('counts copies that come at once, such as those of a second interface, as one', () => {
    const script = new TcpScript().handshake().client('abc').client('abc').client('abc');
    expect(script.log.connection.unacknowledged![0]).toMatchObject({ times: 1 });
  });
});
