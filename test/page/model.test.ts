import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Model } from '../../src/page/model.js';
import { CAPTURES, wirelint } from '../kit/cli.js';

function modelOf(capture: string): Model {
  const { stdout } = wirelint(['analyze', '-f', 'html', join(CAPTURES, capture)]);
  const [, packed] = /id="columns">([^<]*)</.exec(stdout)!;
  return new Model(inflateRawSync(Buffer.from(packed!, 'base64')));
}

describe("the page's model", () => {
  it('knows how many bytes a request and its answers have, whatever the request is about', () => {
    const model = modelOf('nbd/nbdkit-simple-replies.pcap');
    const seen = new Set<string>();
    for (let row = 0; row < model.count; row++) {
      const request = model.requestOf(row);
      const size = model.size[row]!;
      if (request === undefined || size <= 0 || request.reply < 0) continue;
      seen.add(model.name(row));
      if (/_(READ|WRITE)$/.test(model.name(row))) expect(request.sent).toBeGreaterThan(size);
      if (/_(TRIM|WRITE_ZEROES)$/.test(model.name(row))) expect(request.sent).toBeLessThan(100);
    }
    expect([...seen]).toEqual(
      expect.arrayContaining(['NBD_CMD_READ', 'NBD_CMD_WRITE', 'NBD_CMD_TRIM', 'NBD_CMD_WRITE_ZEROES']),
    );
  });
});
