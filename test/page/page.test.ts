import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { CAPTURES, scratch, wirelint } from '../kit/cli.js';
import { commented, MARK, NASTY, others, UNSAFE } from '../kit/hostile-text.js';
import { noBrowser, pageBrowser } from '../kit/page-browser.js';
import { pcapFile } from '../kit/pcap-writer.js';
import { sessionPackets } from '../kit/session-packets.js';

const folder = scratch();

/** A page of some captures. */
function made(name: string, args: readonly string[]): string {
  const path = join(folder, `${name}.html`);
  const { status, stderr } = wirelint([...args, '-o', path]);
  expect([status, stderr]).toEqual([0, '']);
  return path;
}

describe('the program in the page', () => {
  it('is smaller than 150 kB, half of it the expressions', () => {
    expect(statSync('dist/page/page.js').size).toBeLessThan(150_000);
    expect(statSync('dist/page/page.css').size).toBeLessThan(20_000);
    // of a comparison: there are no expressions in it
    expect(statSync('dist/page/comparison.js').size).toBeLessThan(50_000);
    expect(statSync('dist/page/comparison.css').size).toBeLessThan(20_000);
  });

  it('is not in the program that makes it', () => {
    const script = readFileSync('dist/page/page.js', 'utf8');
    expect(readFileSync('dist/main.js', 'utf8')).not.toContain(script.slice(0, 1000));
  });
});

describe.skipIf(noBrowser)('the page in a browser', () => {
  const { opened, closed, isAccessible } = pageBrowser();

  let failure = '';
  beforeAll(() => {
    failure = made('failure', ['analyze', '-f', 'html', join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap')]);
  });

  it('opens, says what is wrong and why, and leads to the message', async () => {
    const page = await opened(failure);
    expect(await page.title()).toBe('nbdkit-out-of-range.pcap · wirelint');
    expect(await page.textContent('.verdict .big')).toBe(' 8 errors, 2 warnings');
    const rule = page.locator('section.rule', { hasText: 'nbd/request-beyond-export' }).first();
    expect(await rule.textContent()).toContain('Offset plus length must not exceed the size of the export.');
    await rule.getByRole('button', { name: /#10/ }).click();
    expect(await page.textContent('.detail h2')).toBe('#10 NBD_CMD_READ');
    expect(new URL(page.url()).hash).toMatch(/s=1&m=10/);
    await page.goBack();
    await page.waitForSelector('.verdict');
    await page.goForward();
    await page.waitForSelector('.detail h2');
    expect(await page.textContent('.detail h2')).toBe('#10 NBD_CMD_READ');
    await closed(page);
  });

  it('opens where a link points', async () => {
    const page = await opened(failure, '#s=1&m=22');
    expect(await page.textContent('.detail h2')).toBe('#22 NBD_CMD_CACHE');
    expect(await page.getAttribute('[role=option][aria-selected=true]', 'aria-posinset')).toBe('22');
    await closed(page);
  });

  it('goes from message to message and from finding to finding by keys', async () => {
    const page = await opened(failure, '#s=1&m=9');
    const shown = (): Promise<string | null> => page.textContent('.detail .number');
    for (const [key, expected] of [
      ['j', '#10'],
      ['j', '#11'],
      ['k', '#10'],
      ['n', '#12'],
      ['p', '#10'],
    ] as const) {
      await page.keyboard.press(key);
      expect([key, await shown()]).toEqual([key, expected]);
    }
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog[open]', { state: 'hidden' });
    await page.getByRole('listbox').focus();
    await page.keyboard.press('End');
    expect(await shown()).toBe('#28');
    await closed(page);
  });

  it('finds with the expressions of --where, and says what is wrong with one', async () => {
    const page = await opened(failure, '#v=messages');
    await page.keyboard.press('/');
    await page.keyboard.type('fields.offset > 1048064 && name == "NBD_CMD_TRIM"');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('.said')!.textContent.startsWith('1 of'));
    expect(await page.locator('.rows .row').allTextContents()).toEqual([expect.stringContaining('NBD_CMD_TRIM')]);
    await page.fill('input[type=search]', 'reply.latency > 0.0005');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('.said')!.textContent.startsWith('1 of'));
    expect(await page.locator('.rows .row').first().textContent()).toContain('NBD_CMD_READ');
    await page.fill('input[type=search]', 'nmae == "x"');
    await page.keyboard.press('Enter');
    expect(await page.textContent('.said')).toBe('unknown name "nmae"; did you mean name? (character 1)');
    await closed(page);
  });

  it('finds what --where finds', async () => {
    const capture = join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap');
    const expressions = [
      'has(fields.offset) && fields.offset >= 1048064 ? complete : index < 3 || name in ["NBD_CMD_READ"]',
      'name.matches("^NBD_CMD_(READ|TRIM)$") && findings.exists(f, f.severity == "error" && f.packet > 0)',
      'findings.map(f, f.rule).exists_one(r, r.endsWith("-export")) || finding == null && request != null && latency < 1.0',
      'time > timestamp("2000-01-01T00:00:00Z") && time - timestamp("1990-01-01T00:00:00Z") > duration("1h")',
      '[index % 2, packet].filter(n, n == 0).size() == 1 && int("7") + index > 12 && double(length) / 2.0 < 15.5',
    ];
    const page = await opened(failure, '#v=messages');
    for (const e of expressions) {
      const { stdout, stderr } = wirelint(['analyze', '-f', 'json', '--where', e, capture]);
      expect([e, stderr]).toEqual([e, '']);
      const found = stdout.split('\n').filter((line) => line.includes('"type":"message"')).length;
      await page.fill('input[type=search]', e);
      await page.keyboard.press('Enter');
      await page.waitForFunction(
        ([query, words]) =>
          new URLSearchParams(location.hash.slice(1)).get('q') === query &&
          document.querySelector('.said')!.textContent.startsWith(words!),
        [e, `${found} of`],
      );
      expect(found).toBeGreaterThan(0);
    }
    await closed(page);
  });

  it('shows a field in the bytes and a byte in the fields, by pointer and by keys', async () => {
    const page = await opened(failure, '#s=1&m=10');
    const marked = (): Promise<string> =>
      page
        .locator('.hex .b.on')
        .allTextContents()
        .then((t) => t.join(' '));
    await page.hover('[role=treeitem]:has-text("offset")');
    expect(await marked()).toBe('00 00 00 00 00 0f fe 00');
    await page.hover('.hex [data-at="9"]');
    expect(await page.textContent('[role=treeitem][aria-selected=true]')).toContain('cookie');
    await page.getByRole('tree').focus();
    await page.keyboard.press('End');
    expect(await marked()).toBe('00 00 04 00');
    await page.locator('.bytes').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('.hex .b.at').count()).toBe(1);
    // what the finding is about is underlined
    expect(await page.locator('.hex .b.bad').count()).toBe(12);
    await closed(page);
  });

  it('has no barrier that axe knows, light and dark, wide and narrow', async () => {
    for (const [scheme, width] of [
      ['light', 1400],
      ['dark', 420],
    ] as const) {
      const page = await opened(failure, '', scheme, width);
      await isAccessible(page);
      for (const key of ['2', 'n', '3', '4']) {
        await page.keyboard.press(key);
        await isAccessible(page);
      }
      await closed(page);
    }
  });

  it('draws the messages as arrows and the requests as bars, and zooms', async () => {
    const path = made('waterfall', ['stats', '-f', 'html', join(CAPTURES, 'nbd/nbdkit-async-64-inflight.pcap')]);
    const page = await opened(path);
    const status = page.getByRole('status').last();
    expect(await status.textContent()).toMatch(/^66 of 66 requests/);
    await page.getByRole('button', { name: 'closer' }).click();
    expect(await status.textContent()).toMatch(/^\d+ of 66 requests, 67(\.\d)? ms$/);
    await page.keyboard.press('0');
    expect(await status.textContent()).toMatch(/^66 of 66 requests/);
    // a drag across the bars zooms; a click on one shows its request
    const bars = page.getByRole('img', { name: '66 requests' });
    const box = (await bars.boundingBox())!;
    await page.mouse.move(box.x + 300, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 500, box.y + 100, { steps: 3 });
    await page.mouse.up();
    expect(await status.textContent()).toMatch(/^\d+ of 66 requests, \d\d(\.\d)? ms$/);
    await page.getByRole('button', { name: 'all', exact: true }).click();
    await page.mouse.click(box.x + 200, box.y + 150);
    expect(await page.textContent('.detail h2')).toMatch(/^#\d+ NBD_CMD_(READ|WRITE)$/);
    await page.keyboard.press('3');
    expect(await page.locator('.arrows g').count()).toBeGreaterThan(20);
    await closed(page);
    // the answer to the message that was chosen is tied to it
    const tied = await opened(failure, '#v=sequence&s=1&m=10');
    expect(await tied.locator('.arrows .chosen .tie').count()).toBe(1);
    await closed(tied);
  });

  it('tells the phases of a stream, and draws pauses to scale', async () => {
    const page = await opened(failure, '#v=sequence&s=1');
    expect(await page.locator('.begins').allTextContents()).toEqual(['handshake', 'transmission']);
    const places = (): Promise<number[]> =>
      page
        .locator('.sequence [role=option]')
        .evaluateAll((rows) => rows.map((r) => parseFloat((r as HTMLElement).style.top)));
    const even = await places();
    expect(even.slice(0, 3)).toEqual([0, 34, 68]);
    await page.getByRole('button', { name: 'to scale' }).click();
    await page.waitForSelector('.pause');
    // rows 4 to 6 are 93, 154 and 37 microseconds apart: the longer a pause, the more room; never less than a row
    const [, , , third, fourth, fifth, sixth] = await places();
    expect((fifth! - fourth!) / (fourth! - third!)).toBeCloseTo(154 / 93, 1);
    expect(sixth! - fifth!).toBeGreaterThanOrEqual(34);
    await isAccessible(page);
    await closed(page);
  });

  it('says where TLS begins, and what was lost', async () => {
    const tls = made('tls', [
      'analyze',
      '-f',
      'html',
      '--tls-keylog',
      join(CAPTURES, 'tls/nbdkit-tls13-aes256gcm.keylog'),
      join(CAPTURES, 'tls/nbdkit-tls13-aes256gcm.pcap'),
    ]);
    const page = await opened(tls, '#v=sequence&s=1');
    expect(await page.locator('.begins').allTextContents()).toContain('TLS from here, handshake');
    expect((await page.locator('.arrows .handshake text').allTextContents()).slice(0, 2)).toEqual([
      'ClientHello',
      'ServerHello',
    ]);
    await page.setViewportSize({ width: 420, height: 900 });
    await page.locator('.lanes .label', { hasText: 'NBD_OPT_STARTTLS' }).waitFor({ state: 'visible' });
    expect(await page.locator('.silence b').count()).toBe(0);
    await closed(page);
    const lost = await opened(
      made('lost', ['analyze', '-f', 'html', join(CAPTURES, 'msgr2/crc-dropped.pcap.gz')]),
      `#v=sequence&q=${encodeURIComponent('name == "MESSAGE"')}`,
    );
    await lost.waitForFunction(() => document.querySelector('.said')!.textContent.includes(' of '));
    for (let i = 0; i < 40 && (await lost.locator('.silence b').count()) === 0; i++)
      await lost.locator('.sequence [role=listbox]').press('PageDown');
    expect(await lost.locator('.silence b').first().textContent()).toMatch(/^✂ \d.* lost$/);
    await closed(lost);
  });

  it('prints the open message whole, without its neighbours and without what is only for a screen', async () => {
    const page = await opened(failure, '#s=1&m=10', 'dark');
    await page.waitForSelector('.dump');
    await page.emulateMedia({ media: 'print' });
    for (const hidden of ['.bar', 'nav', '.list', '.copies']) expect(await page.isVisible(hidden)).toBe(false);
    const cut = await page.evaluate(() => {
      const all = ['main', 'aside', '.tree', '.bytes'].map((name) => document.querySelector(name)!);
      return all.filter((el) => el.scrollWidth > el.clientWidth + 1 || getComputedStyle(el).overflowY !== 'visible');
    });
    expect(cut).toEqual([]);
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('light');
    await closed(page);
  });

  it('draws the way of an operation from the client over its primary to the replicas', async () => {
    const path = made('way', ['analyze', '-f', 'html', join(CAPTURES, 'msgr2/crc-reset.pcap.gz')]);
    const page = await opened(path, '#v=sequence&s=9&m=13');
    const figure = page.locator('.way svg[role=img]');
    expect(await figure.getAttribute('aria-label')).toBe(
      'from client to osd.0 to osd.1: 631 us until the primary asked, osd.1 733 us, 1.7 ms in all',
    );
    expect(await figure.locator('.lifeline text').allTextContents()).toEqual(['client', 'osd.0', 'osd.1']);
    await page.evaluate(() => (location.hash = '#v=sequence&s=1'));
    await page.waitForFunction(() => document.querySelectorAll('.begins').length === 2);
    expect(await page.locator('.begins').allTextContents()).toEqual(['handshake', 'messages']);
    await closed(page);
  });

  it('says of a clean check what was seen, and of a failed one why', async () => {
    const names = ['nbdkit-nbdinfo-go.pcap', 'qemu-io-script.pcap'].map((n) => join(CAPTURES, 'nbd', n));
    const page = await opened(made('clean', ['check', '-f', 'html', ...names]), '', 'dark', 420);
    expect(await page.textContent('.verdict .big')).toBe(' The check passed');
    expect(await page.textContent('.verdict')).toContain('2 streams of nbd; nothing missing in the recording.');
    await isAccessible(page);
    await closed(page);
    const path = join(folder, 'failed.html');
    const { status } = wirelint(['check', '-f', `html=${path}`, join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap')]);
    expect(status).toBe(1);
    const failed = await opened(path);
    expect(await failed.textContent('.verdict')).toContain('8 errors');
    await closed(failed);
  });

  it('shows hostile text as text', async () => {
    const files = Object.entries(NASTY).flatMap(([what, text]) => {
      const own = join(folder, what.replace(/\W/g, '-'));
      mkdirSync(own);
      // a file name cannot hold a slash or a NUL
      const named = join(own, `${text.replace(/[/\0]/g, '').slice(0, 50)}.pcapng`);
      writeFileSync(named, commented(text));
      const written = Object.entries(others(text)).map(([name, bytes]) => {
        writeFileSync(join(own, name), bytes);
        return join(own, name);
      });
      return [named, ...written];
    });
    const page = await opened(made('hostile', ['analyze', '-f', 'html', ...files]));
    const text = (): Promise<string> => page.evaluate(() => document.getElementById('page')!.textContent);
    expect(await text()).toContain(MARK.slice(0, 3));
    for (const hash of ['', '#v=messages']) {
      await page.evaluate((h) => void (location.hash = h), hash);
      expect(UNSAFE.exec(await text())?.[0]).toBeUndefined();
    }
    // each message once, with its fields, its bytes and its findings
    const count = Number(await page.getAttribute('[role=option]', 'aria-setsize'));
    expect(count).toBeGreaterThan(300);
    const seen = await page.evaluate(async (n) => {
      let text = '';
      for (let i = 0; i < n; i++) {
        dispatchEvent(new KeyboardEvent('keydown', { key: 'j' }));
        await new Promise((resolve) => setTimeout(resolve));
        text += document.querySelector('.detail')!.textContent;
      }
      return text;
    }, count);
    expect(seen).toContain(MARK);
    expect(UNSAFE.exec(seen)?.[0]).toBeUndefined();
    expect(
      await page.evaluate(() => [document.scripts.length, document.images.length, document.styleSheets.length]),
    ).toEqual([3, 0, 1]);
    await closed(page);
  }, 120_000);

  it('opens 200,000 messages, in 30 bytes each', async () => {
    const capture = join(folder, 'many.pcap');
    writeFileSync(capture, manyMessages(99_990));
    const path = made('many', ['analyze', '-f', 'html', capture]);
    const messages = 199_987;
    expect(statSync(path).size / messages).toBeLessThan(30);
    const page = await opened(path, '#v=messages');
    expect(Number(await page.getAttribute('[role=option]', 'aria-setsize'))).toBeGreaterThan(199_900);
    // only what is in sight exists
    expect(await page.locator('[role=option]').count()).toBeLessThan(100);
    await page.getByRole('listbox').focus();
    await page.keyboard.press('End');
    await page.waitForSelector('[role=listbox] :text("NBD_CMD_DISC")');
    await page.fill('input[type=search]', 'fields.offset > 1099000000000 && name == "NBD_CMD_TRIM"');
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      () =>
        /^\S+ of/.test(document.querySelector('.said')!.textContent) &&
        !document.querySelector('.said')!.textContent.includes('looking'),
    );
    expect(await page.locator('[role=option]').first().textContent()).toContain('offset 1099');
    await closed(page);
    const drawn = await opened(path, '#v=waterfall');
    // a browser strokes a line of that many steps for half a minute
    await drawn.waitForSelector('.waterfall-page canvas', { timeout: 10_000 });
    await drawn.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect(await drawn.textContent('.waterfall-page [role=status]')).toMatch(/^99.991 of 99.991 requests/);
    expect(await drawn.textContent('.said')).toMatch(/^199.\d{3} of 199.\d{3} messages$/);
    await closed(drawn);
  }, 120_000);
});

/** A session of reads and writes at random places, after random times, up to eight at once. */
function manyMessages(requests: number): Uint8Array {
  let seed = 7;
  const random = (n: number): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) % n;
  const steps: Step[] = [...s.hello(), ...s.go({ size: 2n ** 40n })];
  let waiting: number[] = [];
  const answer = (): void => {
    for (const cookie of waiting) steps.push(s.simple(cookie));
    waiting = [];
  };
  for (let cookie = 1; cookie <= requests; cookie++) {
    steps.push(s.request(s.TRIM, cookie, random(2 ** 28) * 4096, (1 + random(256)) * 512));
    waiting.push(cookie);
    if (waiting.length > random(8)) answer();
  }
  answer();
  steps.push(s.request(s.DISC, requests + 1, 0, 0), s.clientCloses, s.serverCloses);
  let nanos = 0;
  let seconds = 1_700_000_000;
  const packets = sessionPackets(steps, 10809, (n) => n).map(({ frame }) => {
    nanos += 20_000 + random(300_000);
    if (nanos >= 1e9) {
      nanos -= 1e9;
      seconds++;
    }
    return { data: frame, seconds, nanos };
  });
  return pcapFile(packets, { nanoseconds: true });
}
