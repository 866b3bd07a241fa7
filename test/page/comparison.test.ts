import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { compare } from '../../src/compare/comparison.js';
import { Gathering } from '../../src/compare/gathering.js';
import { Analysis } from '../../src/engine/analysis.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { comparisonPage } from '../../src/report/page/comparison.js';
import { CAPTURES, scratch, wirelint } from '../kit/cli.js';
import { commented, MARK, NASTY, others, UNSAFE } from '../kit/hostile-text.js';
import { noBrowser, pageBrowser } from '../kit/page-browser.js';
import { SETTINGS } from '../kit/settings.js';

const SIMPLE = join(CAPTURES, 'nbd/nbdkit-simple-replies.pcap');
const SPARSE = join(CAPTURES, 'nbd/nbdkit-structured-sparse-df.pcap');
const folder = scratch();

function made(name: string, a: string, b: string, status: number): string {
  const path = join(folder, `${name}.html`);
  const { status: ended, stderr } = wirelint(['diff', '-f', 'html', '-o', path, a, b]);
  expect([ended, stderr]).toEqual([status, '']);
  return path;
}

async function gathered(path: string): Promise<Gathering> {
  const gathering = new Gathering(DEFAULT_LIMITS);
  const analysis = new Analysis({ ...SETTINGS, protocols: PROTOCOLS, details: true, bytes: false }, gathering);
  await analysis.run(path);
  analysis.finish();
  return gathering;
}

describe('what a page holds of a comparison', () => {
  it('is every message of both sides once, in the order of each direction', async () => {
    const [a, b] = [await gathered(SIMPLE), await gathered(SPARSE)];
    const { streams } = comparisonPage(compare(a, b, new Set(), DEFAULT_LIMITS), DEFAULT_LIMITS);
    const { rows, counts } = streams[0]!;
    for (const [side, gathering] of [
      ['a', a],
      ['b', b],
    ] as const) {
      const there = rows.flatMap((row) => row[side] ?? []);
      for (const direction of ['client-to-server', 'server-to-client'])
        expect(there.filter((m) => m.direction === direction).map((m) => m.index)).toEqual(
          gathering.streams[0]!.messages.filter((m) => m.direction === direction).map((m) => m.index),
        );
    }
    expect(counts.equal + counts.changed + counts.removed + counts.added).toBe(rows.length);
    // A's own order is kept
    const order = rows.flatMap((row) => row.a?.index ?? []);
    expect(order).toEqual(order.toSorted((x, y) => x - y));
  });

  it('is what differs and what stands around it, where not all finds room: pageMessages', async () => {
    const [a, b] = [await gathered(SIMPLE), await gathered(SIMPLE)];
    const last = b.streams[0]!.messages.at(-1)!;
    b.streams[0]!.messages[b.streams[0]!.messages.length - 1] = { ...last, name: 'another' };
    const comparison = compare(a, b, new Set(), DEFAULT_LIMITS);
    const [stream] = comparisonPage(comparison, { pageMessages: 20 }).streams;
    expect(stream!.rows.length).toBe(10);
    expect(stream!.rows.slice(-2).map((row) => row.kind)).toEqual(['removed', 'added']);
    expect(stream!.left).toBe(a.streams[0]!.messages.length + 1 - 10);
  });
});

describe.skipIf(noBrowser)('the page of a comparison in a browser', () => {
  const { opened, closed, isAccessible } = pageBrowser();
  let path = '';
  beforeAll(() => {
    path = made('differ', SIMPLE, SPARSE, 1);
  });

  it('says in what the captures differ, and leads there', async () => {
    const page = await opened(path);
    expect(await page.title()).toBe('nbdkit-simple-replies.pcap and nbdkit-structured-sparse-df.pcap · wirelint');
    expect(await page.textContent('.verdict .big')).toBe(' The captures differ');
    expect(await page.textContent('.streams')).toMatch(/≠ \d+ changed/);
    await page.getByRole('button', { name: 'stream 1' }).click();
    await page.waitForSelector('.detail h2');
    expect(new URL(page.url()).hash).toMatch(/v=messages&s=1/);
    await page.goBack();
    await page.waitForSelector('.verdict');
    await closed(page);
  });

  it('goes from difference to difference, and marks the fields that differ, not by colour alone', async () => {
    const page = await opened(path, '#v=messages');
    for (let i = 0; i < 100 && (await page.locator('.detail .kind.changed').count()) === 0; i++)
      await page.keyboard.press('n');
    expect(await page.textContent('.detail .kind')).toBe('≠ changed');
    expect(await page.textContent('.pair tr.counts td')).toBe('≠differs');
    const name = await page.textContent('.pair tr.counts th');
    expect(await page.textContent('[aria-selected=true] mark')).toContain(name);
    // the address leads to the same message
    const there = await opened(path, new URL(page.url()).hash);
    await there.waitForSelector('.detail h2');
    expect(await there.textContent('.detail h2')).toBe(await page.textContent('.detail h2'));
    await there.close();
    await closed(page);
  });

  it('folds what is equal far from what differs, and unfolds it', async () => {
    const same = made('equal', SIMPLE, join(CAPTURES, 'nbd/derived-vlan100.pcap'), 0);
    const page = await opened(same, '', 'dark', 420);
    expect(await page.textContent('.verdict .big')).toBe(' The captures are equal');
    await isAccessible(page);
    await page.keyboard.press('2');
    await page.waitForSelector('.fold');
    expect(await page.locator('.aligned [role=option]').count()).toBe(2);
    await page.keyboard.press('a');
    await page.waitForSelector('.fold', { state: 'detached' });
    await page.keyboard.press('a');
    await page.locator('.fold').click();
    await page.waitForSelector('.fold', { state: 'detached' });
    await isAccessible(page);
    await closed(page);
  });

  it('has no barrier that axe knows', async () => {
    const page = await opened(path);
    await isAccessible(page);
    await page.keyboard.press('n');
    await page.waitForSelector('.detail h2');
    await isAccessible(page);
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    await isAccessible(page);
    await closed(page);
  });

  it('shows hostile text as text', async () => {
    const text = Object.values(NASTY).join('');
    const a = join(folder, '<img src=x onerror=alert(1)>');
    mkdirSync(a);
    const named = join(a, `${text.replace(/[/\0]/g, '').slice(0, 50)}.pcapng`);
    writeFileSync(named, commented(text));
    const pairs: (readonly [string, string])[] = [[named, SIMPLE]];
    for (const [name, bytes] of Object.entries(others(NASTY['markup']!))) {
      const own = join(folder, name);
      writeFileSync(own, bytes);
      pairs.push([SIMPLE, own]);
    }
    let all = '';
    for (const [i, [left, right]] of pairs.entries()) {
      const page = await opened(made(`hostile-${i}`, left, right, 1));
      const text_ = (): Promise<string> => page.evaluate(() => document.getElementById('page')!.textContent);
      all += await text_();
      await page.keyboard.press('2');
      await page.keyboard.press('a');
      await page.waitForSelector('[role=option]');
      const count = Number(await page.getAttribute('[role=option]', 'aria-setsize'));
      all += await page.evaluate(async (n) => {
        let seen = '';
        for (let k = 0; k < n; k++) {
          dispatchEvent(new KeyboardEvent('keydown', { key: 'j' }));
          await new Promise((resolve) => setTimeout(resolve));
          seen += document.querySelector('main')!.textContent;
        }
        return seen;
      }, count);
      expect(await page.evaluate(() => [document.scripts.length, document.images.length])).toEqual([2, 0]);
      await closed(page);
    }
    expect(all).toContain(MARK);
    expect(UNSAFE.exec(all)?.[0]).toBeUndefined();
  }, 120_000);
});
