import { hex, hexNumber } from '../../../base/hex.js';
import type { Annotation } from '../../../base/annotation.js';
import { errnoName } from './errno.js';
import { bodyLayout, CONNECT_OK, HEADER, READY_A1, READY_A2 } from './layout.js';
import { endpointText, type ControlFrame } from './message.js';

/** Field trees of family A. */
export function annotateControl(m: ControlFrame): Annotation[] {
  const head = m.head ?? new Uint8Array(0);
  const out = HEADER.rows(head);
  const body = bodyRows(m, head);
  out.push(...body);
  const end = [...out].pop();
  const from = end === undefined ? 0 : end.at + end.length;
  if (from < head.length) {
    out.push({ name: m.whole ? 'surplus' : 'payload', at: from, length: head.length - from, value: hex(head, from) });
  }
  return out;
}

function bodyRows(m: ControlFrame, head: Uint8Array): Annotation[] {
  const body = m.definition?.body;
  if (body === undefined) return [];
  if (m.old) return READY_A1.rows(head, HEADER.size);
  return (m.holdsPipeId ? READY_A2 : bodyLayout(body)).rows(head, HEADER.size);
}

/** The text after a message's name on a transcript line. */
export function describeControl(m: ControlFrame, verbose: boolean): string {
  const items = [`request ${m.requestId}`];
  if (m.whole) {
    switch (m.definition!.body) {
      case 'endpoint':
        items.push(endpointText(m.address, m.port));
        break;
      case 'listener':
        items.push(`listener ${m.listenerId}`);
        break;
      case 'code':
        items.push(`code ${m.code} ${errnoName(m.code)}`.trimEnd());
        break;
      case 'ready':
        if (m.listenerId !== 0 || m.type !== CONNECT_OK) items.push(`listener ${m.listenerId}`);
        items.push(`connection ${m.connectionId}`);
        items.push(m.old || m.holdsPipeId ? `pipe ${m.pipe}` : `shm ${hexNumber(m.pipe)}`);
        items.push(`ring ${m.ringSize}`);
    }
  }
  if (verbose || !m.whole) items.push(`payload ${m.payloadLength}`);
  return items.join('  ');
}
