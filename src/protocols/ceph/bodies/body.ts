import type { Partly } from '../../../base/structure/decode.js';
import type { Type } from '../../../base/structure/type.js';
import { quote } from '../../../base/text.js';
import type { Carrier } from '../ceph-message.js';

/** What the front of one type of message holds. */
export interface Body {
  readonly type: number;
  /** Versions of the message that the description holds for; fronts of other versions are shown as bytes. */
  readonly from: number;
  readonly to: number;
  readonly form: Type<unknown>;
  /** Whether a front that ends inside a field is a finding: where live traffic and the source both confirm the description. */
  readonly strict: boolean;
  /** The front in a few words, as far as it could be read. */
  readonly about: ((front: unknown, message: Carrier) => string) | null;
}

/** Text from the wire in it goes through `quote` or `word`. */
export type About<T> = (front: Partly<T>, message: Carrier) => string;

/** A description that live traffic and the source both confirm. */
export function body<T>(type: number, from: number, to: number, form: Type<T>, about: About<T> | null = null): Body {
  return { type, from, to, form, strict: true, about: about as Body['about'] };
}

/** A description by the source alone, which no traffic has confirmed yet. */
export function unconfirmed<T>(
  type: number,
  from: number,
  to: number,
  form: Type<T>,
  about: About<T> | null = null,
): Body {
  return { ...body(type, from, to, form, about), strict: false };
}

/** A value in a line, or `?` where it could not be read. */
export function shown(value: number | bigint | string | undefined): string {
  return value === undefined ? '?' : String(value);
}

/** Text from the wire without quotation marks around it, for names that are single words. */
export function word(text: string | undefined): string {
  return text === undefined ? '?' : quote(text).slice(1, -1);
}

/** `osd.4`, `mon.0`: see entity_name_t. */
export function dotted(name: { readonly osd?: number | undefined } | undefined): string {
  return `osd.${shown(name?.osd)}`;
}

interface Pg {
  readonly pool?: bigint | undefined;
  readonly seed?: number | undefined;
  readonly shard?: number | undefined;
}

/** `2.1f`, and `2.1fs1` where one shard of it is meant. */
export function pgText(pg: Pg | undefined): string {
  const shard = pg?.shard === undefined || pg.shard < 0 ? '' : `s${pg.shard}`;
  return `${shown(pg?.pool)}.${pg?.seed === undefined ? '?' : pg.seed.toString(16)}${shard}`;
}

/** `57'1203`: the version of an object or a log, as Ceph prints it. */
export function versionText(
  v: { readonly version?: bigint | undefined; readonly epoch?: number | undefined } | undefined,
) {
  return `${shown(v?.epoch)}'${shown(v?.version)}`;
}

/** `client.4123.0:17`: an operation, as Ceph's logs name it. */
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
