import type { JSX } from 'preact';
import { duration } from '../base/time.js';
import { positionOf, type ViewProps } from './view.js';
import { Detail } from './detail.js';
import { GRAVITY, type Model } from './model.js';
import { Sign } from './parts.js';
import { VirtualList } from './virtual-list.js';
import { arrow, timeText } from './words.js';

const ROW = 26;

/** All messages in the order of the recording, with the selected one beside them. */
export function Messages({ model, route, rows, go, select }: ViewProps): JSX.Element {
  const { row } = route;
  const at = row === null ? -1 : positionOf(rows, row);
  const selected = at >= 0 && rows[at] === row ? at : -1;
  const several = model.streams.length > 1 && route.stream === null;
  return (
    <div class={`split ${row === null ? '' : 'open'}`}>
      <div class={`list ${several ? 'several' : ''}`}>
        <div class="row head" aria-hidden="true">
          {several && <span class="n">stream</span>}
          <span class="n">#</span>
          <span class="n packet">packet</span>
          <span class="n">time</span>
          <span class="sign" />
          <span>message</span>
          <span class="n">latency</span>
        </div>
        {rows.length === 0 ? (
          <p class="empty">
            {model.count === 0 ? 'No messages were decoded.' : 'The expression is true for no message.'}
          </p>
        ) : (
          <VirtualList
            count={rows.length}
            rowHeight={ROW}
            selected={selected}
            label="messages"
            id={(i) => `message-${rows[i]!}`}
            row={(i) => <Line model={model} row={rows[i]!} several={several} />}
            onSelect={(i) => go({ row: rows[i]! }, row === null ? 'push' : 'replace')}
          />
        )}
      </div>
      {row !== null && (
        <aside aria-label="message">
          <Detail model={model} row={row} select={select} />
        </aside>
      )}
    </div>
  );
}

function Line({
  model,
  row,
  several,
}: {
  readonly model: Model;
  readonly row: number;
  readonly several: boolean;
}): JSX.Element {
  const stream = model.streamOf(row);
  const findings = model.findingsOf.get(row);
  const worst = findings?.reduce((a, b) => (GRAVITY[b.severity] < GRAVITY[a.severity] ? b : a)).severity;
  const latency = model.latency(row);
  const side = model.side[row]!;
  return (
    <>
      {several && <span class="n stream">{stream.id}</span>}
      <span class="n">{model.index[row]}</span>
      <span class="n packet">{model.packet[row]}</span>
      <span class="n">{stream.of.timed ? timeText(model.time[row]!) : ''}</span>
      <span class="sign">
        {worst !== undefined && (
          <>
            <Sign severity={worst} />
            <span class="sr">{worst}</span>
          </>
        )}
      </span>
      <span class="what">
        <span class={`name side${side}`}>
          {arrow(stream, side)} {model.name(row)}
        </span>{' '}
        {model.words(row)}
        {!model.is(row, 'complete') && <em> cut</em>}
      </span>
      <span class="n">{latency >= 0 ? duration(latency) : ''}</span>
    </>
  );
}
