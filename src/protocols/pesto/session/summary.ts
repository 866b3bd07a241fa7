import type { Side } from '../../../base/input.js';
import type { Json } from '../../../base/annotation.js';
import { count } from '../../../base/text.js';
import { capNames, NEWEST_VERSION } from '../constants.js';
import { changeLines, changeText, compare, isChange, tableLabel, type Snapshot, type TableChange } from './table.js';
import { ruleText } from '../forward.js';
import type { Transaction } from './transaction.js';

/** The most rules that a transcript's footer names one by one. */
const FOOTER_RULES = 6;

/** The state of an update, in one word. */
function updateState(t: Transaction): string {
  if (t.failure !== '' || t.rejected) return 'refused';
  if (t.updateStart === null) return t.truncated || t.garbled ? 'truncated' : 'none';
  if (t.skewed) return 'misread';
  if (t.updateEnd !== null) return 'complete';
  return t.truncated ? 'truncated' : 'unfinished';
}

function changesOf(t: Transaction): TableChange[] {
  return t.updateEnd === null || t.listEnd === null || t.skewed ? [] : compare(t.before(), t.after());
}

/** The server's tables after a complete update, by the published checks; null: not known. */
function tablesAfter(t: Transaction): Snapshot | null {
  if (!t.listWhole || !t.updateWhole || t.skewed) return null;
  if (t.failure !== '' || t.rejected) return t.before();
  const after = t.after();
  // a table without a section still exists, but is empty
  const missing = t.before().tables.filter((x) => !after.tables.some((y) => y.id === x.id));
  return {
    ...after,
    tables: [...after.tables, ...missing.map((x) => ({ ...x, rules: [] }))].sort((a, b) => a.id - b.id),
  };
}

/** What was negotiated, listed and changed, for the stream event. `left`: the side that closed first. */
export function summarize(
  t: Transaction,
  transactions: number,
  left: Side | null,
  limit: number,
): Record<string, Json> {
  // names come from the wire: fromEntries makes properties of them, whatever they are
  const tables: Record<string, Json> = Object.fromEntries(
    t.list.map((table) => [table.name, table.rules.slice(0, limit).map(ruleText)]),
  );
  const after = tablesAfter(t);
  const changes: Record<string, Json> = Object.fromEntries(
    changesOf(t).map((c) => [
      c.name,
      { added: c.added.slice(0, limit), removed: c.removed.slice(0, limit), kept: c.kept },
    ]),
  );
  const out: Record<string, Json> = {
    version: t.hello === null || t.hello.version < 0 ? null : t.hello.version,
    caps: t.caps < 0 ? null : capNames(t.caps),
    tables,
    listComplete: t.listWhole,
    update: updateState(t),
  };
  if (t.updateEnd !== null && t.listEnd !== null) out['changes'] = changes;
  if (after !== null)
    out['tablesAfter'] = Object.fromEntries(
      after.tables.map((x) => [x.name, x.rules.slice(0, limit).map((r) => r.text)]),
    );
  if (t.guessed) out['layoutGuessed'] = true;
  if (t.draft.runs.length > 0) out['draft'] = t.draft.summary(left);
  if (t.failure !== '') out['refusedBecause'] = t.failure;
  if (t.verdict !== '') out['previousUpdate'] = t.verdict;
  if (transactions > 1) out['transactions'] = transactions;
  return out;
}

/** The same for people. */
export function describeTransaction(t: Transaction, transactions: number, left: Side | null): string[] {
  const parts: string[] = [];
  if (t.hello !== null && t.hello.version >= 0)
    parts.push(`version ${t.hello.version}${t.guessed ? `, decoded as ${NEWEST_VERSION} by guess` : ''}`);
  if (t.list.length > 0) parts.push(t.list.map((x) => `${x.label} ${count(x.rules.length, 'rule')}`).join(', '));
  if (t.caps >= 0) parts.push(`caps ${capNames(t.caps).join(' ')}`);
  if (transactions > 1) parts.push(`the last of ${transactions} transactions in this stream`);
  const lines = parts.length > 0 ? [parts.join('; ')] : [];
  const changes = changesOf(t);
  const state = updateState(t);
  if (changes.length > 0) {
    lines.push(`update ${state}${state === 'complete' ? '' : ', which asked for'}: ${changeText(changes)}`);
    for (const line of changeLines(changes.filter(isChange), FOOTER_RULES)) lines.push(`  ${line}`);
  } else if (state !== 'none') {
    lines.push(`update ${state}`);
  }
  const after = tablesAfter(t);
  if (after !== null) {
    for (const table of after.tables) {
      const rules = table.rules.slice(0, FOOTER_RULES).map((r) => r.text);
      const more = table.rules.length - rules.length;
      if (more > 0) rules.push(`and ${more} more`);
      lines.push(`after it ${tableLabel(table.name)}: ${rules.join(', ') || 'no rules'}`);
    }
  }
  if (t.draft.runs.length > 0) {
    const steps = t.draft.runs.map((r) => (r.step === 'none' ? 'bytes of no step' : r.step));
    const broken = t.draft.broken(left);
    lines.push(`steps of a draft, by guess: ${steps.join(', ')}${broken === '' ? '' : `; ${broken}`}`);
  }
  if (t.verdict !== '') lines.push(t.verdict);
  return lines;
}
