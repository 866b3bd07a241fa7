import type { Summary } from './event.js';

export function emptySummary(): Summary {
  return {
    files: 0,
    packets: 0,
    streams: 0,
    messages: 0,
    findings: { error: 0, warning: 0, note: 0 },
    protocols: {},
    messagesByProtocol: {},
    programs: [],
  };
}

/** Adds one summary to another. */
export function addSummary(sum: Summary, more: Summary): void {
  sum.files += more.files;
  sum.packets += more.packets;
  sum.streams += more.streams;
  sum.messages += more.messages;
  for (const severity of ['error', 'warning', 'note'] as const) sum.findings[severity] += more.findings[severity];
  for (const [name, n] of Object.entries(more.protocols)) sum.protocols[name] = (sum.protocols[name] ?? 0) + n;
  sum.programs.push(...more.programs);
  for (const [name, n] of Object.entries(more.messagesByProtocol))
    sum.messagesByProtocol[name] = (sum.messagesByProtocol[name] ?? 0) + n;
}
