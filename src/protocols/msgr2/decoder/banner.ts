import { BANNER_TEXT_V1, BANNER_TEXT_V2 } from '../../ceph/constants.js';
import { hexNumber } from '../../../base/hex.js';
import type { Input, Side } from '../../../base/input.js';
import { count } from '../../../base/text.js';
import type { Output } from '../../../contract/protocol.js';
import { COMPRESSION, REVISION_1 } from '../constants.js';
import { BANNER, BANNER_FEATURES, BANNER_V1 } from '../layout.js';
import { Banner } from '../message.js';
import * as R from '../rules/index.js';

/** Bytes that suffice to tell which banner a stream begins with. */
export const BANNER_TELLS = BANNER_V1.size;

/** Feature bits that have a meaning. */
const KNOWN_BANNER_FEATURES = REVISION_1 | COMPRESSION;

export type BannerKind = 'v1' | 'v2' | 'none';

/** Which banner the stream begins with. BANNER_TELLS bytes must be there. */
export function bannerKind(input: Input): BannerKind {
  if (starts(input, BANNER_TEXT_V1)) return 'v1';
  return starts(input, BANNER_TEXT_V2) ? 'v2' : 'none';
}

function starts(input: Input, prefix: string): boolean {
  for (let i = 0; i < prefix.length; i++) if (input.bytes[input.pos + i] !== prefix.charCodeAt(i)) return false;
  return true;
}

/** Length of a banner of that kind; if its length field is not there yet, the number of bytes needed to read that. */
export function bannerLength(input: Input, kind: 'v1' | 'v2'): number {
  if (kind === 'v1') return BANNER_TELLS;
  return input.remaining < BANNER.size
    ? BANNER.size
    : BANNER.size + input.view.getUint16(input.pos + BANNER.at.payloadLength, true);
}

/** Reads and judges the banner at the input's position. All of its bytes must be there. */
export function readBanner(side: Side, input: Input, kind: 'v1' | 'v2', output: Output): Banner {
  const length = bannerLength(input, kind);
  const banner = new Banner(side, input, kind === 'v1');
  banner.length = length;
  if (kind === 'v1') return banner;
  banner.payloadLength = length - BANNER.size;
  if (banner.payloadLength >= BANNER_FEATURES.size) {
    const { supported, required } = BANNER_FEATURES.read(input.bytes, input.pos + BANNER.size);
    banner.supported = supported;
    banner.required = required;
  }
  judge(banner, output);
  return banner;
}

function judge(banner: Banner, output: Output): void {
  const n = banner.payloadLength;
  const message = banner;
  const features = BANNER_FEATURES.size;
  if (n < features) {
    const text = `the banner announces ${count(n, 'byte')} instead of ${features}`;
    output.raise(R.BANNER_LENGTH_SHORT, { ...BANNER.where(message, 'payloadLength'), text });
    return;
  }
  if (n > features) {
    const text = `${count(n - features, 'byte')} of the banner follow its two feature words`;
    const offset = banner.offset + BANNER.size + features;
    output.raise(R.BANNER_LENGTH_EXTRA, { message, offset, length: n - features, text });
  }
  const unknown = (banner.supported | banner.required) & ~KNOWN_BANNER_FEATURES;
  if (unknown !== 0n) {
    const text = `feature bits ${hexNumber(unknown)} have no meaning`;
    output.raise(R.BANNER_UNKNOWN_FEATURE, { message, text });
  }
}
