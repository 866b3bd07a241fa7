import { existsSync } from 'node:fs';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';

const CHROMIUM = '/usr/bin/chromium';

/** Whether there is nothing to look at pages with. */
export const noBrowser = !existsSync(CHROMIUM);

interface PageBrowser {
  /** The page of that file, at that address within it, once it is ready. */
  opened(path: string, hash?: string, scheme?: 'light' | 'dark', width?: number): Promise<Page>;
  /** Closes a page that has behaved: it complained of nothing, and asked the network for nothing. */
  closed(page: Page): Promise<void>;
  isAccessible(page: Page): Promise<void>;
}

/** One browser for the tests of a group. */
export function pageBrowser(): PageBrowser {
  let browser: Browser;
  let complaints: string[] = [];
  beforeAll(async () => {
    const { chromium } = await import('playwright-core');
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());
  return {
    async opened(path, hash = '', scheme = 'light', width = 1400) {
      complaints = [];
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
      page.on('console', (m) => ['error', 'warning'].includes(m.type()) && complaints.push(m.text()));
      page.on('pageerror', (e) => complaints.push(String(e)));
      page.on('dialog', () => complaints.push('a dialog'));
      page.on('request', (r) => /^(file|data|blob):/.test(r.url()) || complaints.push(r.url()));
      await page.goto(`file://${path}${hash}`);
      await page.waitForSelector('[data-ready]');
      return page;
    },

    async closed(page) {
      await page.close();
      expect(complaints).toEqual([]);
    },

    async isAccessible(page) {
      // the page's policy keeps scripts out; what looks at it comes through the debugger
      await page.evaluate(axe.source);
      const violations = await page.evaluate(async () => {
        const { axe: there } = globalThis as unknown as {
          axe: {
            run: () => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
          };
        };
        return (await there.run()).violations.map((v) => [v.id, v.nodes[0]!.html, v.nodes[0]!.failureSummary]);
      });
      expect(violations).toEqual([]);
    },
  };
}
