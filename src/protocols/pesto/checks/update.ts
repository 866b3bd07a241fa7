import { MODE_GUESSED } from '../../../base/capture-rules.js';
import { CLIENT } from '../../../base/input.js';
import { quote } from '../../../base/text.js';
import { duration } from '../../../base/time.js';
import type { Output } from '../../../contract/protocol.js';
import { confidenceOf, type Witness } from '../../../contract/witness.js';
import { isStrange, MAGIC, MAX_RULES, PIF_HOST, PIF_SPLICE, pifName } from '../constants.js';
import { hasTarget, SECTION } from '../layout.js';
import type { PestoMessage, Pif, PifEnd, RuleMessage } from '../messages.js';
import { RULE_COUNT_TOO_BIG } from '../rules/list.js';
import * as U from '../rules/update.js';
import { changeLines, changeText, compare, equalStates, isChange } from '../session/table.js';
import type { Transaction } from '../session/transaction.js';
import { judgeForwardingRule } from './forwarding.js';

/** The most rules that a summary names one by one. */
const NAMED_RULES = 8;

/** Nanoseconds of silence inside an update that is reported, because the whole server waits meanwhile. */
const STALL_NANOS = 1e9;

/** Judges whether the client had received the list when it began its update. */
export function judgeStart(output: Output, witness: Witness, listEnd: PifEnd, m: PestoMessage): void {
  const knowledge = witness.hadReceived(m, listEnd);
  const recordedFirst = knowledge === 'unknown' && standsBefore(m, listEnd);
  if (knowledge !== 'no' && knowledge !== 'unlikely' && !recordedFirst) return;
  const listed = listEnd.endOffset;
  const how =
    knowledge === 'no'
      ? `when it had ${m.peerSeen} of the ${listed} bytes of hello and list`
      : 'before the end of the list';
  const doubt = recordedFirst ? '; this kind of recording does not show the order between the directions for sure' : '';
  output.raise(U.CLIENT_BEFORE_LIST, {
    message: m,
    related: [listEnd],
    confidence: confidenceOf(knowledge) ?? 'weak',
    text: `the client began its update ${how}${doubt}`,
  });
}

/** Whether a message begins before another one ends, by packet numbers and by times. */
function standsBefore(m: PestoMessage, than: PestoMessage): boolean {
  if (m.firstPacket >= than.packet) return false;
  return (m.startSeconds - than.seconds || m.startNanos - than.nanos) <= 0;
}

/** Judges whether the client paused inside its update. `ordered`: whether the times in the recording are those of the bytes. */
export function judgePause(output: Output, m: PestoMessage, ordered: boolean): void {
  if (m.pause < STALL_NANOS) return;
  output.raise(U.PARTIAL_UPDATE_STALL, {
    message: m,
    confidence: ordered ? 'certain' : 'likely',
    text: `${duration(m.pause)} of silence before or inside ${m.name} at byte ${m.offset} of the update; the server forwarded nothing meanwhile`,
  });
}

/** Reports how the size of the client's rules was found without a hello. */
export function judgeGuess(output: Output, m: RuleMessage, ambiguous: boolean): void {
  const size = `rules of ${m.length} bytes (version ${hasTarget(m.layout) ? 2 : 1})`;
  if (ambiguous) {
    output.raise(U.VERSION_AMBIGUOUS, { message: m, text: `${size} are shown; the other size fits about as well` });
  } else {
    output.raise(MODE_GUESSED, { message: m, text: `${size}, as the rules themselves show` });
  }
}

/** Reports a client that begins with text instead of a table id. */
export function judgeGreeting(output: Output, greeting: string): void {
  const text = `the client begins with ${quote(greeting, 16)} instead of a table id`;
  output.raise(U.CLIENT_HELLO, { side: CLIENT, offset: 0, length: MAGIC.length, text });
}

/** Judges a section of the update by the list, as far as that is known. */
export function judgeSection(output: Output, t: Transaction, m: Pif): void {
  judgeTableId(output, t, m.pif, m, m.offset);
  const earlier = t.sections.get(m.pif);
  if (earlier !== undefined) {
    const text = `${pifName(m.pif)} has a section at byte ${earlier.offset} already; the rules add up`;
    output.raise(U.CLIENT_DUPLICATE_PIF, { ...SECTION.where(m, 'pif'), related: [earlier], text });
  }
  t.addSection(m);
  if (m.count > MAX_RULES) {
    const text = `the section for ${pifName(m.pif)} announces ${m.count} rules; a table holds ${MAX_RULES}`;
    output.raise(RULE_COUNT_TOO_BIG, { ...SECTION.where(m, 'count'), text });
    t.fail(text, m);
  }
}

/** Judges the id of a section. `m`: null if only the id was captured. */
export function judgeTableId(output: Output, t: Transaction, id: number, m: Pif | null, offset: number): void {
  if (t.overflowed) return;
  const whole = t.listWhole;
  if (whole && t.listed(id) !== undefined) return;
  if ((!whole || t.hasStrangeTable) && (id === PIF_HOST || id === PIF_SPLICE)) return;
  const offered = whole ? `the list has ${t.list.map((x) => x.id).join(', ') || 'none'}` : 'servers have 1 and 3';
  const text = `a section for pif ${id}, ${id <= PIF_SPLICE ? `${pifName(id)}, ` : ''}which the server does not have: ${offered}`;
  output.raise(U.CLIENT_UNKNOWN_PIF, {
    message: m,
    side: CLIENT,
    offset,
    length: 1,
    text,
    confidence: whole || id > PIF_SPLICE ? 'certain' : 'likely',
  });
  t.strayed = true;
  t.fail(text, m);
}

export function judgeUpdateRule(output: Output, t: Transaction, m: RuleMessage): void {
  const table = t.pending.get(m.pif);
  if (m.skewed && !t.skewed) {
    t.skewed = true;
    output.raise(U.UPDATE_VERSION_SKEW, {
      message: m,
      text: `rules of ${m.length} bytes for a server of version ${t.version}, which reads ${m.length === 40 ? 56 : 40}`,
      confidence: t.hello?.complete === true ? 'certain' : 'likely',
    });
  }
  if (table === undefined || table.rules.length > MAX_RULES) return;
  if (t.skewed) {
    // the client misread a list of another version: its rules do not show what it wanted
    table.rules.push(m);
    return;
  }
  const failure = judgeForwardingRule(output, m, table);
  if (failure !== '') t.fail(`rule ${m.place + 1} of ${table.label}: ${failure}`, m);
}

/** Judges a complete update by the list of the same transaction. */
export function judgeUpdateEnd(output: Output, t: Transaction, m: PifEnd, serverLeft: boolean): void {
  if (!t.updateWhole || !t.listWhole || t.skewed) return;
  const taken = t.failure === '' && !t.rejected && !serverLeft;
  for (const listed of t.list) {
    // the missing section may be the one with a wrong id (reported by another rule), or the table may have a wrong id in the list
    if (t.sections.has(listed.id) || t.strayed || isStrange(listed.id)) continue;
    const n = listed.rules.length;
    output.raise(U.CLIENT_OMITS_PIF, {
      message: m,
      severity: n > 0 && taken ? 'error' : 'warning',
      text:
        n > 0
          ? `no section for ${listed.label}: its ${n === 1 ? 'rule' : `${n} rules`} ${taken ? (n === 1 ? 'is lost' : 'are lost') : 'would be lost, were the update taken'}`
          : `no section for ${listed.label}, which was empty`,
    });
  }
  const listOrder = t.list.map((x) => x.id).filter((id) => t.sections.has(id));
  const sent = [...t.sections.keys()].filter((id) => listOrder.includes(id));
  if (sent.join() !== listOrder.join()) {
    output.raise(U.CLIENT_ORDER, {
      message: m,
      text: `sections ${sent.join(', ')}; the list has ${listOrder.join(', ')}`,
    });
  }
  // the changes that a refused or misread update asked for are of no use
  if (!taken) return;
  const before = t.before();
  const after = t.after();
  const changes = compare(before, after);
  const rulesBefore = t.listedRules;
  const rulesAfter = after.tables.reduce((n, x) => n + x.rules.length, 0);
  if (rulesBefore > 0 && rulesAfter === 0) {
    const counts = t.list.map((x) => `${x.label} had ${x.rules.length}`).join(', ');
    output.raise(U.UPDATE_CLEARS_ALL, { message: m, text: `all tables are empty after it; ${counts}` });
  }
  if (equalStates(before, after)) {
    if (t.sectionCount > 0)
      output.raise(U.UPDATE_NO_CHANGE, { message: m, text: 'the tables are as they were listed' });
    return;
  }
  const lines = changeLines(changes.filter(isChange), NAMED_RULES);
  output.raise(U.UPDATE_SUMMARY, { message: m, text: `${changeText(changes)}: ${lines.join('; ')}` });
}

/** Reports once that the update is refused, if it fails a check of the server. */
export function judgeRejection(output: Output, t: Transaction): void {
  if (t.rejected || t.failure === '' || t.skewed) return;
  t.rejected = true;
  output.raise(U.UPDATE_REJECTED, {
    message: t.updateEnd ?? t.failedAt,
    side: CLIENT,
    related: t.failedAt !== null && t.updateEnd !== null ? [t.failedAt] : [],
    text: `by the published checks this update is refused and changes nothing: ${t.failure}`,
  });
}
