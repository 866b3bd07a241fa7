import { example, rule } from './rule.js';
import { ack, disconnect, go, hello, metaData, option, reply, setMeta, structured, u32 } from './session-steps.js';
import type { Step } from '../../../base/rule.js';

/** Rules for metadata contexts: what is listed, and what is selected. */

const LIST = 9;

/** NBD_OPT_LIST_META_CONTEXT, answered with these contexts. */
const list = (queries: readonly string[], contexts: readonly string[]): Step[] => [
  option(LIST, metaData('', queries)),
  ...contexts.map((context) => reply(LIST, 4, u32(0), context)),
  ack(LIST),
];

const bitmap = 'qemu:dirty-bitmap:b0';

export const LIST_META_HIDES_SELECTABLE = rule('list-meta-hides-selectable', 'error', 'server', 'session', {
  title: 'a listing omits a metadata context that can be selected',
  meaning:
    'NBD_OPT_LIST_META_CONTEXT must return the contexts that NBD_OPT_SET_META_CONTEXT would select for the export: all of them if there is no query, otherwise those that match a query. A server may return a wildcard of the namespace instead of each context, but not leave out the namespace entirely. A client that lists contexts before it selects one never finds such a context.',
  spec: 'Option types',
  breaks: example('an empty listing, then the same query selects a context', () => [
    ...hello(),
    ...structured(),
    ...list([bitmap], []),
    ...setMeta([bitmap]),
    ...go(),
    ...disconnect(),
  ]),
  keeps: example('a wildcard of the namespace stands for its contexts', () => [
    ...hello(),
    ...structured(),
    ...list([], ['base:allocation', 'qemu:dirty-bitmap:']),
    ...setMeta([bitmap]),
    ...go(),
    ...disconnect(),
  ]),
});

export const METADATA_RULES = [LIST_META_HIDES_SELECTABLE];
