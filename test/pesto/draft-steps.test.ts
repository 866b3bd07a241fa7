import { describe, expect, it } from 'vitest';
import { CLIENT, SERVER } from '../../src/base/input.js';
import type { Step } from '../../src/base/rule.js';
import { fieldsOf } from '../../src/base/annotation.js';
import { runSteps } from '../../src/engine/example.js';
import { ALT, client, CLOSE, END, pastaList, section, server, WEB } from '../../src/protocols/pesto/build.js';
import { pesto } from '../../src/protocols/pesto/index.js';

const update = [server(pastaList()), client(section(1, [WEB, ALT]), section(3), END)];
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

function play(...after: Step[]) {
  const run = runSteps(pesto, [...update, ...after]);
  return { ...run, drafts: run.messages.filter((m) => m.name === 'DRAFT') };
}

/** Side, step and bytes of the runs behind the update, in order. */
function steps(...after: Step[]): unknown[] {
  return play(...after).drafts.map((m) => {
    const fields = fieldsOf(pesto.annotate(m));
    return [m.side === SERVER ? 'server' : 'client', fields['step'], fields['bytes']];
  });
}

const WHOLE = [server(bytes(0x41, 0x4b)), client(bytes(1)), server(bytes(0, 0, 0, 0)), client(bytes(2))];

describe('runs of bytes behind an update', () => {
  it('are the steps of the first draft by their place', () => {
    expect(steps(...WHOLE, ...CLOSE)).toEqual([
      ['server', 'server acknowledges', '414b'],
      ['client', 'client applies', '01'],
      ['server', 'error summary', '00000000'],
      ['client', 'commit or rollback', '02'],
    ]);
  });

  it('stand in front of what their peer says later', () => {
    const status = server(bytes(0));
    const slow = Array.from(section(1, [WEB]), (byte) => client(Uint8Array.of(byte)));
    for (const rest of [[client(section(1, [WEB]), section(3), END)], [...slow, client(section(3), END)]]) {
      const { messages } = runSteps(pesto, [server(pastaList()), status, ...rest, ...CLOSE]);
      const names = messages.map((m) => m.name);
      expect(names.slice(5)).toEqual(['DRAFT', 'PIF', 'RULE', 'PIF', 'PIF_END']);
    }
  });

  it('are one run however they are cut', () => {
    const slow = [server(bytes(0x41)), server(bytes(0x4b)), client(bytes(1)), server(bytes(0, 0)), server(bytes(0, 0))];
    expect(steps(...slow, client(bytes(2)), ...CLOSE)).toEqual(steps(...WHOLE, ...CLOSE));
  });

  it.each([
    [0, 'success'],
    [1, 'error'],
    [7, 'error'],
  ])('may be the status byte of the simplified draft: %d', (value, status) => {
    const { drafts } = play(server(bytes(value)), ...CLOSE);
    expect(fieldsOf(pesto.annotate(drafts[0]!))).toMatchObject({ step: 'status', status });
  });

  it('are never more than guessed', () => {
    const { drafts } = play(...WHOLE, ...CLOSE);
    expect(drafts.map((m) => [m.inferred, m.hinted])).toEqual(Array(4).fill([true, true]));
    for (const m of drafts) expect(pesto.describe(m, false)).toContain('perhaps');
  });

  it('are a fault of each side once, at its first byte', () => {
    const { findings } = play(...WHOLE, ...CLOSE);
    expect(findings.map((f) => [f.rule.id, f.side, f.length, f.confidence])).toEqual([
      ['pesto/server-data-after-list', SERVER, 1, 'certain'],
      ['pesto/client-data-after-update', CLIENT, 1, 'certain'],
    ]);
  });

  it.each([
    [1, 'the client closed between "server acknowledges" and "client applies": the draft would drop the update'],
    [2, 'the client closed between "client applies" and "error summary": the draft would roll the update back'],
    [3, 'the client closed between "error summary" and "commit or rollback": the draft would roll the update back'],
  ])('that break off after %d are told in the footer', (n, text) => {
    const { descriptions, sessions } = play(...WHOLE.slice(0, n), ...CLOSE);
    expect(descriptions[0]!.at(-1)).toContain(text);
    expect(sessions[0]).toMatchObject({ draft: { brokenOff: text } });
  });

  it('that are long are no steps: they are not decoded', () => {
    const { drafts, skipped } = play(server(new Uint8Array(100)), ...CLOSE);
    expect(drafts).toEqual([]);
    expect(skipped[SERVER]!.undecoded).toBe(100);
  });

  it('are no more than eight of a side', () => {
    const many = Array.from({ length: 12 }, () => [server(bytes(1)), client(bytes(2))]).flat();
    expect(play(...many, ...CLOSE).drafts.length).toBeLessThanOrEqual(16);
  });
});
