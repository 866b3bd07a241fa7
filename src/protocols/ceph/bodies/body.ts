import type { Partly } from '../../../base/structure/decode.js';
import type { Type } from '../../../base/structure/type.js';
import { quote } from '../../../base/text.js';
import type { Carrier } from '../ceph-message.js';

/** Describes the front of one message type. */
export interface Body {
  readonly type: number;
  /** The versions of the message that the description holds for. Fronts of other versions are shown as bytes. */
  readonly from: number;
  readonly to: number;
  readonly form: Type<unknown>;
  /** Whether a front that does not decode is a finding. Only if both live traffic and the source confirm the description. */
  readonly strict: boolean;
  /** Summarises the front in a few words, as far as it could be read. */
  readonly about: ((front: unknown, message: Carrier) => string) | null;
}

/** A summary of a front. It must pass text from the wire through `quote` or `word`. */
export type About<T> = (front: Partly<T>, message: Carrier) => string;

/** A description that both live traffic and the source confirm. */
export function body<T>(type: number, from: number, to: number, form: Type<T>, about: About<T> | null = null): Body {
  return { type, from, to, form, strict: true, about: about as Body['about'] };
}

/** A description by the source alone, which no live traffic has confirmed yet. */
export function unconfirmed<T>(
  type: number,
  from: number,
  to: number,
  form: Type<T>,
  about: About<T> | null = null,
): Body {
  return { ...body(type, from, to, form, about), strict: false };
}

/** A value for a line of text; `?` if it could not be read. */
export function shown(value: number | bigint | string | undefined): string {
  return value === undefined ? '?' : String(value);
}

/** Text from the wire without quotation marks, for names that are single words. */
export function word(text: string | undefined): string {
  return text === undefined ? '?' : quote(text).slice(1, -1);
}

/** Such as `osd.4`. */
export function dotted(name: { readonly osd?: number | undefined } | undefined): string {
  return `osd.${shown(name?.osd)}`;
}

interface Pg {
  readonly pool?: bigint | undefined;
  readonly seed?: number | undefined;
  readonly shard?: number | undefined;
}

/** Such as `2.1f`; `2.1fs1` for one shard of it. */
export function pgText(pg: Pg | undefined): string {
  const shard = pg?.shard === undefined || pg.shard < 0 ? '' : `s${pg.shard}`;
  return `${shown(pg?.pool)}.${pg?.seed === undefined ? '?' : pg.seed.toString(16)}${shard}`;
}

/** Such as `57'1203`: the version of an object or a log, as Ceph prints it. */
export function versionText(
  v: { readonly version?: bigint | undefined; readonly epoch?: number | undefined } | undefined,
) {
  return `${shown(v?.epoch)}'${shown(v?.version)}`;
}

/** Such as `client.4123.0:17`: a request, as Ceph's logs name it. */
export function requestText(
  r:
    | {
        readonly clientType?: number | undefined;
        readonly client?: bigint | undefined;
        readonly tid?: bigint | undefined;
        readonly incarnation?: number | undefined;
      }
    | undefined,
  entity: (type: number) => string,
): string {
  return `${r?.clientType === undefined ? '?' : entity(r.clientType)}.${shown(r?.client)}.${shown(r?.incarnation)}:${shown(r?.tid)}`;
}
