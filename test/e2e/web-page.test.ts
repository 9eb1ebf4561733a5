import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { LoggedNotice } from '../../daemon/core/views.js';
import { lines, notice } from '../http/harness.js';
import { type Stage, stage } from '../http/stage.js';
import { openBrowser, type View } from './support/browser.js';
import { AT, PICTURE, SERVICES, wave } from './support/scene.js';

/** A name and words as nobody should be able to make the page read them as HTML. */
const HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script>';
/** Where pictures of the page are put, for who works on it. */
const SHOTS = process.env['LAPTOP_DEV_SHOTS'];

const PAST: readonly LoggedNotice[] = [
  { ...notice(1, 'api', 'ready', 'is ready after 2.9 s'), at: AT - 90_000 },
  { ...notice(2, 'worker', 'ready', 'was killed at its limit of 512 MB; starts again in 0.5 s'), level: 'warn', at: AT - 60_000 },
  { ...notice(3, 'llm', 'ready', HOSTILE), level: 'error', at: AT - 30_000 },
];

async function scene(): Promise<Stage> {
  const now = AT;
  const made = await stage(SERVICES, {
    past: PAST,
    parts: {
      services: async () => SERVICES,
      history: async (id, since, slot) => {
        const top = SERVICES.find(service => service.id === id)?.usage?.workingSet ?? 0;
        return { slot, entries: top === 0 ? [] : wave(now, now - since, slot || (now - since > 120_000 ? 5_000 : 1_000), top) };
      },
      logs: (_id, { tail }) =>
        lines([
          { stream: 'stdout', at: AT - 2_000, text: `listening on :3000 (${tail} lines)` },
          { stream: 'stderr', at: AT - 1_000, text: HOSTILE },
          { stream: 'stdout', at: AT - 500, text: 'GET /orders 200 in 12 ms' },
        ]),
    },
  });
  made.paint(live => ({ ...live, ...PICTURE }));
  return made;
}

async function open(made: Stage, view: View) {
  const browser = await openBrowser(view);
  const page = await browser.page();
  const { url, port } = await made.client.openWeb({});
  await page.goto(url);
  await page.locator('tbody tr').first().waitFor();
  return { browser, page, url, port };
}

async function shoot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

const VIEWS: readonly (View & { readonly name: string })[] = (['light', 'dark'] as const).flatMap(colorScheme => [
  { name: `wide-${colorScheme}`, width: 1400, height: 900, colorScheme },
  { name: `narrow-${colorScheme}`, width: 420, height: 900, colorScheme },
]);

it.each(VIEWS)('$name: shows all of it without scrolling sideways, and all is text', async ({ name, ...view }) => {
  const made = await scene();
  const { browser, page, port } = await open(made, view);
  await shoot(page, name);
  expect(await page.locator('tbody tr').count()).toBe(8);
  expect((await page.locator('.word').allTextContents()).sort()).toEqual([
    'asleep',
    'failed',
    'running',
    'running',
    'running',
    'starting',
    'stopped',
    'unhealthy',
  ]);
  await page.getByRole('button', { name: 'postgres' }).click();
  await page.locator('.log span').nth(2).waitFor();
  expect(await page.locator('.log').textContent()).toContain(HOSTILE);
  expect(await page.locator('#events').textContent()).toContain(HOSTILE);
  expect(await page.locator('img, iframe, script:not([src="/app.js"])').count()).toBe(0);
  await Promise.all([
    page.waitForResponse(response => response.url().includes('span=15m')),
    page.getByRole('button', { name: '15 m' }).click(),
  ]);
  await shoot(page, `${name}-detail`);
  const sideways = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  expect(sideways).toBeLessThanOrEqual(0);
  expect(browser.errors).toEqual([]);
  expect(browser.requests.filter(request => !/^\w+ (http|ws):\/\/127\.0\.0\.1:/.test(request) || !request.includes(`:${port}/`))).toEqual(
    [],
  );
});
