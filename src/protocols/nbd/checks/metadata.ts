import type { Asked } from '../session/asked.js';
import { OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT } from '../constants.js';
import type { Facts } from '../session/facts.js';
import type { OptionReply } from '../messages.js';
import { show } from './options.js';
import { contextName } from '../option-data.js';
import { LIST_META_HIDES_SELECTABLE } from '../rules/metadata.js';
import { LIST_META_BASE_WILDCARD_UNSUPPORTED } from '../rules/replies.js';
import { namespaceOf } from './strings.js';

/** The context that every server offers that offers any. */
const BASE_ALLOCATION = 'base:allocation';

/** A listing that was acknowledged. */
interface Listing {
  readonly asked: Asked;
  readonly final: OptionReply;
  /** Namespaces of the contexts in it. */
  readonly spaces: ReadonlySet<string | null>;
}

/** The listings and selections of one export. */
class Offer {
  readonly listings: Listing[] = [];
  /** Contexts that were selected, with the reply that shows it. */
  readonly selected = new Map<string, OptionReply>();
  /** The final reply to a listing of `base:` without base:allocation, and that of an answer that contains base:allocation. */
  emptyBase: OptionReply | null = null;
  allocation: OptionReply | null = null;
  baseJudged = false;
  hidingJudged = false;
}

/** Compares listings of metadata contexts with selected ones, in whichever order they come, as they must agree. */
export class MetadataListings {
  private readonly facts: Facts;
  /** By export name (latin1). */
  private offers: Map<string, Offer> | null = null;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  /** Forgets everything: what was offered in clear does not hold inside TLS. */
  forget(): void {
    this.offers = null;
  }

  /** Takes an answer that was acknowledged, with the contexts in it. */
  answered(asked: Asked, final: OptionReply, contexts: readonly OptionReply[]): void {
    const { exportName } = asked;
    if (exportName === null || !final.chunksAgreed) return;
    const offer = this.offerOf(exportName, final);
    if (offer === null) return;
    const names = contexts.map((m) => contextName(m));
    if (this.base(offer, asked, final, names)) return;
    if (asked.option.option === OPT_LIST_META_CONTEXT) {
      if (this.tooMany(offer.listings.length, 'listings of one export', final)) return;
      const listing = { asked, final, spaces: new Set(names.map(namespaceOf)) };
      offer.listings.push(listing);
      for (const [name, reply] of offer.selected) this.compare(offer, listing, name, reply, final);
    } else if (asked.option.option === OPT_SET_META_CONTEXT) {
      names.forEach((name, i) => {
        if (offer.selected.has(name) || this.tooMany(offer.selected.size, 'contexts of one export', final)) return;
        offer.selected.set(name, contexts[i]!);
        for (const listing of offer.listings) this.compare(offer, listing, name, contexts[i]!, contexts[i]!);
      });
    }
  }

  private offerOf(exportName: string, m: OptionReply): Offer | null {
    this.offers ??= new Map();
    let offer = this.offers.get(exportName);
    if (offer === undefined) {
      if (this.tooMany(this.offers.size, 'exports with metadata contexts', m)) return null;
      this.offers.set(exportName, (offer = new Offer()));
    }
    return offer;
  }

  /** Whether the limit is reached; if so, reports it. */
  private tooMany(n: number, what: string, m: OptionReply): boolean {
    const most = this.facts.context.limits.rememberedOffers;
    if (n < most) return false;
    this.facts.limits.hit('rememberedOffers', `more than ${most} ${what}; later ones are not compared`, 'note', m);
    return true;
  }

  /** Judges whether the listing should have contained the selected context `name`. `last`: the later of the two answers. */
  private compare(offer: Offer, listing: Listing, name: string, selection: OptionReply, last: OptionReply): void {
    const { asked, final, spaces } = listing;
    if (offer.hidingJudged || spaces.has(namespaceOf(name))) return;
    const { queries } = asked;
    const asksForIt = asked.meta!.count === 0 || queries.includes(name);
    if (!asksForIt) return;
    offer.hidingJudged = true;
    const how = queries.length === 0 ? 'the listing without a query' : `the listing with the query ${show(name)}`;
    this.facts.raise(LIST_META_HIDES_SELECTABLE, {
      message: last,
      related: [asked.option, final, ...(selection === last ? [] : [selection])],
      text: `${how} of export ${show(asked.exportName ?? '')} returned nothing like it, but ${show(name)} can be selected`,
    });
  }

  /** Judges whether a listing of `base:` contains base:allocation, if that is available; returns true if it does not. */
  private base(offer: Offer, asked: Asked, final: OptionReply, names: readonly string[]): boolean {
    if (names.includes(BASE_ALLOCATION)) offer.allocation = final;
    else if (asked.option.option === OPT_LIST_META_CONTEXT && asked.queries.includes('base:')) offer.emptyBase = final;
    else return false;
    const { emptyBase, allocation } = offer;
    if (emptyBase === null || allocation === null || offer.baseJudged) return false;
    offer.baseJudged = true;
    this.facts.raise(LIST_META_BASE_WILDCARD_UNSUPPORTED, {
      message: final,
      related: [emptyBase, allocation],
      text: `the query "base:" listed nothing, but base:allocation is available for export ${show(asked.exportName ?? '')}`,
    });
    return true;
  }
}
